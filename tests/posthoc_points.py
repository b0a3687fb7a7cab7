"""A front of post-hoc maps beside the trials of ``pareto_study``, made by hand."""

from pathlib import Path

import pandas as pd

from study.posthoc_series import against_trials

# Maps of the untuned model, which trials beat; of t001, which beat most trials; of t003.
POINTS = [
    ("baseline", 0.0, 29.0, 0.6),
    ("baseline", 1.0, 20.0, 0.4),
    ("t001", 1.0, 59.0, 0.2),
    ("t003", 0.5, 39.0, 0.05),
]


def write_posthoc(directory: Path, *, earlier: bool = False) -> None:
    """Write ``pareto_posthoc.csv``, or one of an earlier version, without the counts of trials."""
    points = pd.DataFrame(POINTS, columns=["trial_id", "strength", "recall_at_1", "modality_gap"])
    points.insert(1, "method", "<b>shift</b>")
    counted = points if earlier else against_trials(points, pd.read_csv(directory / "trials.csv"))
    counted.to_csv(directory / "pareto_posthoc.csv", index=False)
