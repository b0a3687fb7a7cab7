"""In which layers does fine-tuning change a model? Debiased linear CKA of the base and each trial, layer by layer.

python -m study.representations results/thesis_en

For every trial whose adapter was kept (a space with keep_adapters: all keeps them all), both towers, on test images and
their captions: layers.csv holds the CKA of each layer with the same layer of the base, layers_heatmap.csv of each with
each. 1 means the same representation up to rotation and scale, 0 an unrelated one. The row "output" is the embedding
itself.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from gap.data import PairDataset
from gap.errors import UserError
from gap.metrics.cka import FEWEST, debiased_linear_cka
from gap.models.activations import record_blocks
from gap.models.blocks import tower_blocks
from gap.models.clip import Clip
from gap.training.embed import embed_images, embed_texts
from gap.training.evaluation import make_split
from gap.training.tokens import padding_id
from study.csv_text import read_csv
from study.open_trial import BASELINE, check_kept, kept_trials, load_trial, study_dataset
from study.results import write_csv
from study.terminal import terminal

OUTPUT = "output"
Layers = dict[str, dict[str, Tensor]]  # tower -> layer -> [n, width]


def layer_features(clip: Clip, dataset: PairDataset, *, images: int, device: torch.device) -> Layers:
    """Give what every block of both towers, and the embedding, make of the first test images and their captions.

    Each distinct caption is one row, the same in every layer of the text tower.
    """
    clip.model.to(device).eval()
    split = make_split(dataset, clip, dataset.test[:images])
    # Texts are embedded by ascending length. Sorted beforehand, they keep their rows in every layer.
    pad = padding_id(clip.model)
    order = (split.tokens != pad).sum(dim=1).argsort(stable=True) if pad is not None else slice(None)
    with record_blocks(clip.model) as outputs:
        image_features = embed_images(clip, dataset.images, split.rows, device=device, precision="fp32")
        text_features = embed_texts(clip, split.tokens[order], device=device, precision="fp32")
    towers = tower_blocks(clip.model)
    layers = {tower: {name: torch.cat(outputs[name]) for name in blocks} for tower, blocks in towers.items()}
    layers["image"][OUTPUT] = image_features.cpu()
    layers["text"][OUTPUT] = text_features.cpu()
    return layers


def compare(base: Layers, trial: Layers) -> pd.DataFrame:
    """Give the CKA of every layer of the base with every layer of the trial, tower by tower."""
    rows = [
        {
            "tower": tower,
            "base_layer": i,
            "base_name": base_name,
            "trial_layer": j,
            "trial_name": trial_name,
            "cka": debiased_linear_cka(base_features, trial_features).item(),
        }
        for tower in base
        for i, (base_name, base_features) in enumerate(base[tower].items())
        for j, (trial_name, trial_features) in enumerate(trial[tower].items())
    ]
    table: pd.DataFrame = pd.DataFrame(rows)
    return table


def representations(directory: Path, trials: list[str], *, images: int, device: torch.device) -> pd.DataFrame:
    """Compare the trials with their base; writes both tables and returns that of equal layers.

    Raises ``UserError`` if there is no study, or no adapter of a trial.
    """
    for trial in trials:
        check_kept(directory, trial)
    dataset = study_dataset(directory)
    about = read_csv(directory / "trials.csv").set_index("trial_id")
    base = layer_features(load_trial(directory, BASELINE)[0], dataset, images=images, device=device)
    for tower, features in base.items():
        if (compared := len(next(iter(features.values())))) < FEWEST:
            raise UserError(f"{directory}: expected at least {FEWEST} {tower}s that differ to compare, got {compared}")
    tables = []
    for trial in trials:
        print(f"{trial}: {about.loc[trial, 'terms']}", file=sys.stderr)
        layers = layer_features(load_trial(directory, trial)[0], dataset, images=images, device=device)
        table = compare(base, layers)
        table.insert(0, "trial_id", trial)
        table.insert(1, "terms", about.loc[trial, "terms"])
        table.insert(2, "profile", about.loc[trial, "profile"])
        tables.append(table)
    heat = pd.concat(tables, ignore_index=True)
    equal: pd.DataFrame = heat[heat["base_layer"] == heat["trial_layer"]].drop(columns=["trial_layer", "trial_name"])
    equal = equal.rename(columns={"base_layer": "layer", "base_name": "name"}).reset_index(drop=True)
    write_csv(heat, directory / "layers_heatmap.csv")
    write_csv(equal, directory / "layers.csv")
    return equal


def show(layers: pd.DataFrame, console: Console) -> None:
    """Print one table a tower: a row a trial, a column a layer, and where the representation changes most."""
    for tower, of_tower in layers.groupby("tower", sort=False):
        names = ["terms", *(str(layer) for layer in sorted(of_tower["layer"].unique())[:-1]), OUTPUT, "lowest"]
        table = Table(*names, title=f"CKA with the base, {tower} tower", box=None, pad_edge=False)
        for _, of_trial in of_tower.groupby("trial_id"):
            values = of_trial.sort_values("layer")["cka"].to_numpy()
            lowest = int(np.argmin(values))
            where = OUTPUT if lowest == len(values) - 1 else f"layer {lowest}"
            table.add_row(of_trial["terms"].iloc[0], *(f"{value:.3f}" for value in values), where)
        console.print(table)


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m study.representations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument("--trial", nargs="+", metavar="TRIAL", help="such as t003 (default: all that were kept)")
    parser.add_argument("--images", type=int, default=1000, metavar="N", help="test images compared (default: 1000)")
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        if arguments.images < FEWEST:
            raise UserError(f"--images: expected at least {FEWEST}, got {arguments.images}")
        trials = arguments.trial or kept_trials(arguments.study)
        if not trials:
            raise UserError(f"{arguments.study} holds no adapters: expected {arguments.study / 'adapters'}/TRIAL")
        layers = representations(arguments.study, trials, images=arguments.images, device=device)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    show(layers, terminal())
    print(f"written: {arguments.study / 'layers.csv'}, {arguments.study / 'layers_heatmap.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
