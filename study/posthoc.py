"""The front that costs no training: shifts, centring and other maps of a trial's embeddings.

python -m study.posthoc results/thesis_en
python -m study.posthoc results/thesis_en --trial baseline t003

Every method of gap.posthoc at every strength is fitted on training pairs and measured on test pairs. posthoc.csv holds
all points, pareto_posthoc.csv those that no other of them beats in recall and gap: lay it over pareto.csv. Vectors of
the methods called _raw are not unit vectors; they are ranked by inner product, as their papers do.
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
from study.front import Direction, non_dominated
from study.open_trial import BASELINE, check_kept, kept_trials, load_trial, study_dataset, study_spec
from study.results import write_csv
from study.terminal import terminal

OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}


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
                caption_ids=split.text_of,
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
    """Sweep the methods over the trials; writes both tables and returns the front of all points, best recall first.

    ``beats_trained`` says whether no trial of the study is at least as good in both and better in one.

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
    table = pd.DataFrame(points)
    values, directions = table[list(OBJECTIVES)].to_numpy(), list(OBJECTIVES.values())
    complete = trained[trained["state"] == "COMPLETE"][list(OBJECTIVES)].to_numpy(dtype=np.float64)
    table["beats_trained"] = [
        bool(non_dominated(np.vstack([value[None], complete]), directions)[0]) for value in values
    ]
    front: pd.DataFrame = table[non_dominated(values, directions)]
    front = front.drop_duplicates([*OBJECTIVES]).sort_values("recall_at_1", ascending=False, ignore_index=True)
    write_csv(table, directory / "posthoc.csv")
    write_csv(front, directory / "pareto_posthoc.csv")
    return front


def show(front: pd.DataFrame, console: Console) -> None:
    """Print the front."""
    table = Table(title=f"Post-hoc front: {len(front)} points", box=None, pad_edge=False)
    for name in ("trial", "method", "strength", *OBJECTIVES, "no trial beats it"):
        table.add_column(name)
    for _, row in front.iterrows():
        values = (f"{row['strength']:g}", *(f"{row[name]:.4g}" for name in OBJECTIVES))
        table.add_row(row["trial_id"], row["method"], *values, "yes" if row["beats_trained"] else "")
    console.print(table)


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
