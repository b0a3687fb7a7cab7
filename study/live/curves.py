"""Curves: one run a trial, one curve a metric, in groups."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

# The first prefix that fits gives the group.
GROUPS = {
    "recall_at_": "recall",
    "full_": "recall_full",
    "fold_": "recall_folds",
    "median_rank": "recall",
    "mrr": "recall",
    "train_recall": "recall",
    "weighted_": "loss_weighted",
    "term_": "loss",
    "loss": "loss",
    "last_lr": "training",
    "logit_scale": "training",
    "pairs_left_out": "training",
    "seconds": "cost",
    "train_seconds": "cost",
    "images_per_second": "cost",
    "data_share": "cost",
    "pairs_at_once": "cost",
    "peak_memory_gb": "cost",
    "trained_parameters": "cost",
    "hypervolume": "study",
    "": "geometry",
}


def tag(name: str) -> str:
    """Give the curve's name.

    >>> tag("recall_at_1_t2i"), tag("term_variance"), tag("modality_gap")
    ('recall/recall_at_1_t2i', 'loss/term_variance', 'geometry/modality_gap')
    """
    return f"{next(group for prefix, group in GROUPS.items() if name.startswith(prefix))}/{name}"


class Curves:
    """The writers of a study's trials."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writers: dict[str, SummaryWriter] = {}

    def add(self, trial: str, epoch: int, metrics: Mapping[str, float]) -> None:
        """Write one epoch; TensorBoard sees it at once."""
        writer = self.writer(trial)
        for name, value in metrics.items():
            writer.add_scalar(tag(name), value, epoch)
        writer.flush()

    def writer(self, trial: str) -> SummaryWriter:
        """Give the trial's open writer."""
        if trial not in self._writers:
            self._writers[trial] = SummaryWriter(str(self._directory / trial))
        return self._writers[trial]

    def end(self, trial: str) -> None:
        """Close the trial's file."""
        if trial in self._writers:
            self._writers.pop(trial).close()
