"""Post-hoc fronts: shifts, centring and other maps of embeddings, of the untuned model's and of trials'.

python -m study.posthoc results/thesis_en
python -m study.posthoc results/thesis_en --trial baseline t003

Every method of gap.posthoc at every strength is fitted on training pairs and measured on test pairs. A map of the
untuned model (baseline) needs no training; one of a trial comes on top of the trial's. posthoc.csv holds all points,
pareto_posthoc.csv two fronts in recall and gap: what no other map of the untuned model beats, and what no other map of
a trial beats. Vectors of the methods called _raw are not unit vectors; they are ranked by inner product, as their
papers do.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from gap.data import PairDataset
from gap.errors import UserError
from gap.metrics import VERSION, misalignment, modality_gap, retrieval
from gap.models.clip import Clip
from gap.posthoc import METHODS
from gap.training.evaluation import Split, embed_split, make_split
from study.about import metrics_version, read_study_json
from study.finished import read_table
from study.front import non_dominated
from study.open_trial import BASELINE, check_kept, kept_trials, load_trial, study_dataset, study_spec
from study.posthoc_series import BEATEN, BEATEN_BY, OBJECTIVES, against_trials, series_of
from study.results import write_csv
from study.terminal import terminal


def training_pairs(
    clip: Clip, dataset: PairDataset, *, images: int, device: torch.device, precision: str
) -> tuple[Tensor, Tensor]:
    """Embed a seeded sample of training images, each with its first caption."""
    rows = np.random.default_rng(0).permutation(dataset.train)[:images]
    split = make_split(dataset, clip, rows)
    image_features, text_features = embed_split(clip, dataset, split, device=device, precision=precision)
    first = np.unique(split.image_of_text, return_index=True)[1]
    return image_features, text_features[torch.from_numpy(first).to(device)]


def sweep(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], split: Split, *, pool_size: int
) -> list[dict[str, Any]]:
    """Fit every method at every strength on ``train`` and measure it on ``test``."""
    points = []
    for name, method in METHODS.items():
        for strength in method.strengths:
            if name == "drop_gap_dimensions" and strength >= train[0].shape[1]:
                continue
            maps = method.fit(*train, strength)
            image_features, text_features = maps.image(test[0]), maps.text(test[1])
            scores = retrieval(
                image_features,
                text_features,
                image_of_text=split.image_of_text,
                caption_ids=split.caption_ids,
                pool_size=pool_size,
            )
            pairs = image_features[torch.from_numpy(split.image_of_text).to(image_features.device)]
            points.append(
                {
                    "method": name,
                    "strength": strength,
                    **{key: value for key, value in scores.items() if "recall" in key},
                    "modality_gap": modality_gap(image_features, text_features).item(),
                    "misalignment": misalignment(pairs, text_features).item(),
                }
            )
    return points


def posthoc(directory: Path, trials: list[str], *, fit_images: int, device: torch.device) -> pd.DataFrame:
    """Sweep the methods over the trials; writes both tables and returns both fronts, the untuned model's first.

    ``trials_beaten`` counts the complete trials of the study that a point beats, at least as good in recall and gap and
    better in one; ``beaten_by_trials`` those that beat it.

    Raises ``UserError`` if there is no study, its data is gone, or a trial's adapter was not kept.
    """
    spec, dataset = study_spec(directory), study_dataset(directory)
    for trial in trials:
        check_kept(directory, trial)
    trained = read_table(directory / "trials.csv", ["state", *OBJECTIVES])
    about = read_study_json(directory)
    profile = about.get("profile")
    if (then := metrics_version(about)) != VERSION:
        print(
            f"its trials were measured by version {then} of the metrics, these points are by version {VERSION}: "
            "results/README.md says what changed",
            file=sys.stderr,
        )
    points = []
    for trial in trials:
        print(f"{trial}: embedding, then {sum(len(m.strengths) for m in METHODS.values())} points", file=sys.stderr)
        clip, _ = load_trial(directory, trial)
        clip.model.to(device)
        split = make_split(dataset, clip, dataset.test)
        train = training_pairs(clip, dataset, images=fit_images, device=device, precision=spec["precision"])
        test = embed_split(clip, dataset, split, device=device, precision=spec["precision"])
        swept = sweep(train, test, split, pool_size=spec["pool_size"])
        points += [{"trial_id": trial, "profile": profile, **point} for point in swept]
    table = against_trials(pd.DataFrame(points), trained)
    untuned = table["trial_id"] == BASELINE
    front: pd.DataFrame = pd.concat([_front(table[untuned]), _front(table[~untuned])], ignore_index=True)
    write_csv(table, directory / "posthoc.csv")
    write_csv(front, directory / "pareto_posthoc.csv")
    return front


def _front(points: pd.DataFrame) -> pd.DataFrame:
    """Select the points that no other of these beats, one of equal ones, best recall first."""
    front = points[non_dominated(points[list(OBJECTIVES)].to_numpy(dtype=np.float64), list(OBJECTIVES.values()))]
    best: pd.DataFrame = front.drop_duplicates([*OBJECTIVES]).sort_values("recall_at_1", ascending=False, kind="stable")
    return best


def show(front: pd.DataFrame, console: Console) -> None:
    """Print both fronts, each under what its maps are of."""
    untuned = front["trial_id"] == BASELINE
    for title, points in (
        ("Post-hoc front of the untuned model, without training", front[untuned]),
        ("Post-hoc front of trials, after their training", front[~untuned]),
    ):
        if not len(points):
            continue
        table = Table(title=f"{title}: {len(points)} points", box=None, pad_edge=False)
        for name in ("map of", "method", "strength", *OBJECTIVES, "beats trials", "beaten by"):
            table.add_column(name)
        for _, row in points.iterrows():
            values = (f"{row['strength']:g}", *(f"{row[name]:.4g}" for name in OBJECTIVES))
            counts = (str(row[BEATEN]), str(row[BEATEN_BY]))
            table.add_row(_base(row["trial_id"]), row["method"], *values, *counts)
        console.print(table)


def _base(trial: str) -> str:
    return series_of(trial).partition(", ")[2]


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m study.posthoc", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument(
        "--trial",
        nargs="+",
        metavar="TRIAL",
        help="such as t003, or baseline, the model before training (default: baseline and all whose adapter was kept)",
    )
    parser.add_argument(
        "--fit-images", type=int, default=5000, metavar="N", help="training images to fit on (default: 5000)"
    )
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        if arguments.fit_images < 2:
            raise UserError(f"--fit-images: expected at least 2, got {arguments.fit_images}")
        trials = arguments.trial or [BASELINE, *kept_trials(arguments.study)]
        front = posthoc(arguments.study, trials, fit_images=arguments.fit_images, device=device)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    show(front, terminal())
    print(f"written: {arguments.study / 'pareto_posthoc.csv'}, {arguments.study / 'posthoc.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
