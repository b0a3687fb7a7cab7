"""Which epoch of a trial counts: the same for every objective, never the best of each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from study.policy import CountingEpoch


def score_of(counting: CountingEpoch) -> Callable[[Mapping[str, float]], float] | None:
    """Give the scalarisation Σ weight·metric that an epoch has to maximise; None where the final epoch counts.

    >>> score_of({"recall_at_1": 1.0, "modality_gap": -20.0})({"recall_at_1": 50.0, "modality_gap": 0.5})
    40.0
    """
    if counting == "final":
        return None
    weights = dict(counting)
    return lambda report: sum(weight * report[name] for name, weight in weights.items())


def counting_epoch(epochs: Sequence[Mapping[str, Any]], counting: CountingEpoch) -> Mapping[str, Any]:
    """Choose among a trial's epochs, in their order: the last, or the earliest with the greatest score.

    Epoch 0, the model before training, counts only where there is no other.
    """
    score = score_of(counting)
    trained = [epoch for epoch in epochs if epoch["epoch"] >= 1]
    return max(trained, key=score) if score and trained else epochs[-1]
