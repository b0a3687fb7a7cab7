"""Draw the front of a study: its two objectives, every trial, the model before training.

python -m study.plot_front results/arasaac_es-rehearsal front.png
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from gap.errors import UserError

LABELS = {"recall_at_1": "R@1 in pools of 90 (%)", "modality_gap": "modality gap"}


def draw_front(directory: Path) -> Figure:
    """Draw the first objective over the second.

    Raises ``UserError`` when the directory holds no study with two objectives and a front.
    """
    try:
        about = json.loads((directory / "study.json").read_text(encoding="utf-8"))
        trials, front, baseline = (pd.read_csv(directory / f"{name}.csv") for name in ("trials", "pareto", "baseline"))
    except (OSError, ValueError) as error:
        raise UserError(f"{directory} holds no finished trial of a study: {error}") from error
    objectives = list(about["spec"]["objectives"])
    if len(objectives) != 2:
        raise UserError(f"a front is drawn for 2 objectives, this study has {len(objectives)}")
    up, across = objectives
    complete = trials[trials["state"] == "COMPLETE"]

    figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
    axes = figure.subplots()
    rest = complete[~complete["trial_id"].isin(front["trial_id"])]
    axes.scatter(rest[across], rest[up], s=36, color="#8c8c8c", label="other trials")
    ordered = front.sort_values(across)
    axes.step(ordered[across], ordered[up], where="post", color="#0072b2", linewidth=1, alpha=0.5)
    axes.scatter(ordered[across], ordered[up], s=48, color="#0072b2", label="Pareto front", zorder=3)
    axes.scatter(baseline[across], baseline[up], s=70, marker="X", color="#d55e00", label="before training", zorder=3)
    # The front and plain cross-entropy are named; names of all trials would cover each other.
    named = complete["trial_id"].isin(front["trial_id"]) | (complete["terms"] == "ce")
    # Points of a front lie close: only the short name stands beside each, its terms in the legend.
    for _, row in complete[named].sort_values(across).iterrows():
        axes.annotate(
            row["trial_id"],
            (row[across], row[up]),
            xytext=(-5, 4),
            textcoords="offset points",
            ha="right",
            fontsize=7,
            color="#404040",
        )
        axes.plot([], [], " ", label=f"{row['trial_id']}: {row['terms']}")
    axes.set_xlabel(LABELS.get(across, across))
    axes.set_ylabel(LABELS.get(up, up))
    data = about["data"]
    axes.set_title(
        f"{directory.name}: {about['spec']['model']} on {data['name']} ({data['language']}), {len(complete)} trials",
        fontsize=10,
    )
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    axes.margins(x=0.15)
    return figure


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m study.plot_front", description=__doc__)
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument("picture", type=Path, metavar="PICTURE", help=".png, .svg or .pdf")
    arguments = parser.parse_args()
    matplotlib.use("agg")
    try:
        draw_front(arguments.study).savefig(arguments.picture)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
