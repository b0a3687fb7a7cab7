"""The rows of a study's tables, from the record of its trials."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial

from gap.metrics import METRICS
from gap.models.weight_settings import NAMES as WEIGHT_SETTINGS
from study.ledger import END, epochs_of
from study.naming import SEARCHED, trial_id
from study.results import COSTS
from study.selection import counting_epoch
from study.space import StudySpec

TRAINING_VALUES = ("loss", "logit_scale", "last_lr", "pairs_left_out", *(f"train_recall_at_{k}" for k in (1, 5, 10)))
NOT_SHOWN = {"weights", *WEIGHT_SETTINGS}  # study.json says what all trials of a study have in common
Row = dict[str, Any]


class Tables:
    """What a study's rows have in common: its spec, its profile, the settings that every trial has.

    ``prefix`` begins the names of the trials: ``t000``, ``t001``.
    """

    def __init__(self, spec: StudySpec, *, profile: str, fixed: Mapping[str, Any], prefix: str = SEARCHED) -> None:
        self._spec = spec
        self._profile = profile
        self._fixed = dict(fixed)
        self._prefix = prefix

    def epochs(self, trials: Sequence[FrozenTrial]) -> list[Row]:
        """Give a row an epoch."""
        return [
            {**self._common(trial), "epoch": epoch["epoch"], **epoch} for trial in trials for epoch in epochs_of(trial)
        ]

    def trials(self, trials: Sequence[FrozenTrial]) -> list[Row]:
        """Give a row an ended trial: its values after the epoch that counts, the same for every objective."""
        return [self._trial(trial) for trial in trials if trial.state.is_finished()]

    def _trial(self, trial: FrozenTrial) -> Row:
        common = self._common(trial)
        if not (epochs := epochs_of(trial)):
            return {**common, "epoch": 0, "last_epoch": 0, **about(trial)}
        counting = counting_epoch(epochs, self._spec.objective_epoch)
        best = self._best(epochs)
        return {
            **common,
            **counting,
            "last_epoch": epochs[-1]["epoch"],
            "best_epoch": best.get("epoch"),
            **{f"best_{name}": best.get(name) for name in self._spec.objectives},
            **about(trial),
        }

    def _best(self, epochs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Choose the epoch, from 1 on, with the best first objective; the earliest on a tie."""
        first, direction = next(iter(self._spec.objectives.items()))
        sign = 1 if direction == "max" else -1
        return max((epoch for epoch in epochs if epoch["epoch"] >= 1), key=lambda e: sign * e[first], default={})

    def _common(self, trial: FrozenTrial) -> Row:
        return {
            "trial_id": trial_id(trial.number, self._prefix),
            "state": trial.user_attrs.get(END, {}).get("state", trial.state.name),
            "seed": trial.user_attrs.get("seed", self._spec.seed),
            "profile": self._profile,
            **({"replicate_of": trial.user_attrs["replicate_of"]} if "replicate_of" in trial.user_attrs else {}),
            **parameters(self._spec, {**self._fixed, **trial.params}),
        }


def about(trial: FrozenTrial) -> Row:
    """Give what was noted when a trial ended, its state and its place in the order of ends apart."""
    return {name: value for name, value in trial.user_attrs.get(END, {}).items() if name not in ("state", "place")}


def is_value(name: str) -> bool:
    """Tell a trial's own numbers from what Ray adds to a report."""
    return name in METRICS or name in TRAINING_VALUES or name in COSTS or name.startswith("term_")


def parameters(spec: StudySpec, config: Mapping[str, Any]) -> dict[str, Any]:
    """Give a trial's parameters: searched ones first; None for a searched one that its loss terms have no use for."""
    fixed = [name for name in type(spec).model_fields if name in config and name not in NOT_SHOWN]
    names = [*spec.search, *(name for name in fixed if name not in spec.search and name != "seed")]
    unused = {name for name, dimension in spec.search.items() if not dimension.applies(config["terms"])}
    # A process can end before every parameter of a trial was proposed.
    return {name: None if name in unused else config.get(name) for name in names}
