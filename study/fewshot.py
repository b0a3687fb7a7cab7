"""Few-shot classification with CLIP adapters: does a smaller gap leave a better space for images?

python -m study.fewshot results/arasaac_es --trial baseline t003 --data-dir ~/arasaac
python -m study.fewshot results/arasaac_es --dataset cifar10 --data-dir ~/cifar

Every method learns from a few training images of each class and is measured on all test images: zero_shot looks at the
class names alone, clip_adapter trains a small network after the image tower, tip_adapter keeps the shots as a cache,
tip_adapter_f trains that cache, tip_x compares shots by their similarities to the classes. Hyper-parameters are the
methods' defaults (gap/classification), none is tuned. results/README.md explains the columns of fewshot.csv.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from rich.console import Console
from rich.table import Table
from torch import Tensor

from gap.classification import METHODS, accuracy, draw_shots
from gap.data.labelled import LabelledImages, Pixels
from gap.data.prompts import caption
from gap.errors import UserError
from gap.metrics import consistency_at_k
from gap.models.clip import Clip
from gap.models.languages import in_language
from gap.training.embed import embed_images, embed_texts
from study.fewshot_data import DATASETS, labelled_images
from study.open_trial import BASELINE, check_kept, load_trial, study_dataset, study_spec
from study.results import write_csv

COLUMNS = (
    "trial_id", "dataset", "method", "shots", "accuracy", "standard_error", "consistency", "n_seeds", "classes",
    "test_images", "profile",
)  # fmt: skip
CHUNK = 512  # images in memory at once


@dataclass(frozen=True)
class Embedded:
    """What a model makes of the classes, the test images, and every training image that some seed draws."""

    classes: Float[Tensor, "c d"]
    queries: Float[Tensor, "n d"]
    drawn: Float[Tensor, "drawn d"]
    logit_scale: float


def _embed(clip: Clip, pixels: Pixels, rows: Int[np.ndarray, " n"], device: torch.device) -> Float[Tensor, "n d"]:
    parts = []
    for start in range(0, len(rows), CHUNK):
        images = pixels(rows[start : start + CHUNK])
        parts.append(embed_images(clip, images, np.arange(len(images)), device=device, precision="fp32"))
        print(f"\r  {start + len(images)} of {len(rows)} images embedded", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return torch.cat(parts)


def embed(
    clip: Clip,
    data: LabelledImages,
    drawn: Int[np.ndarray, " drawn"],
    *,
    device: torch.device,
    prompt: str | None = None,
) -> Embedded:
    """Embed the class prompts, all test images, and the rows ``drawn`` of the training images."""
    clip.model.to(device).eval()
    texts = [caption([name], data.language, prompt) for name in data.classes]
    tokens = in_language(clip, data.language).tokenize(texts)
    return Embedded(
        classes=embed_texts(clip, tokens, device=device, precision="fp32"),
        queries=_embed(clip, data.test_pixels, np.arange(len(data.test_labels)), device),
        drawn=_embed(clip, data.train_pixels, drawn, device),
        logit_scale=float(clip.model.logit_scale.detach().exp()),
    )


def measure(
    clip: Clip,
    data: LabelledImages,
    *,
    shots: list[int],
    seeds: int,
    device: torch.device,
    prompt: str | None = None,
) -> pd.DataFrame:
    """Give the accuracy of every method for every number of shots: mean and standard error over the seeds.

    Zero-shot is one row with 0 shots; without two seeds there is no standard error. ``prompt`` is what the names of the
    classes are put into, the default of their language if None.

    Raises ``UserError`` if a class has too few training images.
    """
    labels = torch.from_numpy(data.train_labels)
    draws = {
        (count, seed): draw_shots(labels, classes=len(data.classes), shots=count, seed=seed)
        for count in shots
        for seed in range(seeds)
    }
    drawn = torch.cat(list(draws.values())).unique()
    embedded = embed(clip, data, drawn.numpy(), device=device, prompt=prompt)
    answers = torch.from_numpy(data.test_labels).to(device)

    def score(method: str, rows: Int[Tensor, " k"], seed: int) -> float:
        found = torch.searchsorted(drawn, rows)
        logits = METHODS[method](
            embedded.drawn[found.to(device)], labels[rows].to(device), embedded.classes, embedded.queries,
            seed=seed, logit_scale=embedded.logit_scale,
        )  # fmt: skip
        return accuracy(logits, answers).item()

    def consistency(rows: Int[Tensor, " k"], k: int) -> float:
        bank = embedded.drawn[torch.searchsorted(drawn, rows).to(device)]
        value = consistency_at_k(embedded.queries, embedded.classes, bank, labels[rows].to(device), k=k)
        return value.item()

    table = [_row("zero_shot", 0, [score("zero_shot", drawn, 0)], np.nan)]
    for count in shots:
        print(f"  {count} shots a class", file=sys.stderr)
        agreement = float(np.mean([consistency(draws[count, seed], count) for seed in range(seeds)]))
        for method in METHODS:
            if method != "zero_shot":
                scores = [score(method, draws[count, seed], seed) for seed in range(seeds)]
                table.append(_row(method, count, scores, agreement))
    frame: pd.DataFrame = pd.DataFrame(table)
    return frame


def _row(method: str, shots: int, scores: list[float], consistency: float) -> dict[str, str | int | float]:
    error = float(np.std(scores, ddof=1) / len(scores) ** 0.5) if len(scores) > 1 else np.nan
    return {
        "method": method, "shots": shots, "accuracy": float(np.mean(scores)), "standard_error": error,
        "consistency": consistency, "n_seeds": len(scores),
    }  # fmt: skip


def few_shot(
    directory: Path,
    trials: list[str],
    *,
    dataset: str | None,
    data_dir: Path | None,
    shots: list[int],
    seeds: int,
    target: Path,
    console: Console,
) -> pd.DataFrame:
    """Measure the trials of a study and write ``target`` after each.

    Raises ``UserError`` if there is no study, no adapter of a trial, no labelled data or too little of it, or
    ``target`` cannot be written.
    """
    if min(shots) < 1 or seeds < 1:
        raise UserError(f"expected --shots and --seeds of at least 1, got {min(shots)} and {seeds}")
    prepared = study_dataset(directory)
    for trial in trials:
        check_kept(directory, trial)
    profile = json.loads((directory / "study.json").read_text(encoding="utf-8")).get("profile")
    shots = sorted(set(shots))
    data = labelled_images(dataset or prepared.name, prepared, data_dir, shots=shots[-1])
    prompt = study_spec(directory).get("prompt") if data.name == prepared.name else None
    largest = 100 * np.bincount(data.test_labels).max() / len(data.test_labels)
    console.print(
        f"{data.name}: {len(data.classes)} classes, {len(data.test_labels)} test images "
        f"({largest:.1f} % of them in the largest class). Labels: {data.rule}.",
        highlight=False,
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tables: list[pd.DataFrame] = []
    for trial in dict.fromkeys(trials):
        print(trial, file=sys.stderr)
        clip, _ = load_trial(directory, trial)
        table = measure(clip, data, shots=shots, seeds=seeds, device=device, prompt=prompt)
        table = table.assign(
            trial_id=trial, dataset=data.name, classes=len(data.classes), test_images=len(data.test_labels),
            profile=profile,
        )  # fmt: skip
        tables.append(table[list(COLUMNS)])
        try:
            write_csv(pd.concat(tables, ignore_index=True), target)
        except OSError as error:
            raise UserError(f"cannot write {target}: {error.strerror or error}; --csv FILE writes elsewhere") from error
    return pd.concat(tables, ignore_index=True)


def show(table: pd.DataFrame, console: Console) -> None:
    """Print one table a trial: a row a method, a column a number of shots, CyCLIP's consistency below."""
    for trial, rows in table.groupby("trial_id", sort=False):
        counts = sorted(rows["shots"].unique())
        shown = Table("shots a class", *map(str, counts), title=f"{trial}: accuracy, %", box=None, pad_edge=False)
        for method, of_method in rows.groupby("method", sort=False):
            measured = zip(of_method["shots"], of_method["accuracy"], of_method["standard_error"], strict=True)
            cells = {count: _cell(mean, error) for count, mean, error in measured}
            shown.add_row(str(method), *(cells.get(count, "") for count in counts))
        agreement = rows.groupby("shots")["consistency"].first()
        shown.add_row("consistency@shots", *("" if np.isnan(agreement[n]) else f"{agreement[n]:.1f}" for n in counts))
        console.print(shown)


def _cell(mean: float, error: float) -> str:
    """Write an accuracy with its standard error, where there is one."""
    return f"{mean:.1f}" if np.isnan(error) else f"{mean:.1f} ± {error:.1f}"


def parse_arguments() -> argparse.Namespace:
    """Parse the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m study.fewshot", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument(
        "--trial", nargs="+", default=[BASELINE], metavar="TRIAL",
        help="such as t003; several may be given (default: baseline, the model before training)",
    )  # fmt: skip
    parser.add_argument(
        "--dataset", choices=tuple(DATASETS),
        help="arasaac and pictograms: categories, on the study's own split; "
        "the others are read from --data-dir, never downloaded (default: the study's dataset)",
    )  # fmt: skip
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR",
        help="local copy of ARASAAC (its categories), or where CIFAR's or EuroSAT's files lie",
    )  # fmt: skip
    parser.add_argument(
        "--shots", type=int, nargs="+", default=[1, 2, 4, 8, 16], metavar="N",
        help="training images a class (default: 1 2 4 8 16); the largest decides which categories are classes",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="draws of the shots (default: 3)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the table (default: RESULTS/STUDY/fewshot.csv)")
    return parser.parse_args()


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    arguments = parse_arguments()
    target = arguments.csv or arguments.study / "fewshot.csv"
    console = Console()
    try:
        table = few_shot(
            arguments.study, arguments.trial, dataset=arguments.dataset, data_dir=arguments.data_dir,
            shots=arguments.shots, seeds=arguments.seeds, target=target, console=console,
        )  # fmt: skip
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    show(table, console)
    print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
