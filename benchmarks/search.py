"""Question: how many epochs does each way of searching need for the same hypervolume?

Command: python -m benchmarks.search --csv search.csv --picture docs/search.png   (14 minutes on 2 cores)
Expected: early stopping is ahead for the first third of the budget and about level at its end. The aim, what Ray's
OptunaSearch has after 40 full trials with at most 40 % of its epochs, is missed: benchmarks/README.md has the figures.

Trials are those of arasaac_es.yaml's space on a fast surrogate of its rehearsal (benchmarks/surrogate.py); none is
queued for any method, and a seed gives all methods the same training. Each method spends the same number of epochs:
what early stopping saves goes into more trials. Only trials that ran all their epochs count. The reference point of the
hypervolume is the model before training. Syne Tune's rule takes part where syne_tune can be imported.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

import matplotlib
import pandas as pd
import torch
from rich.console import Console

from benchmarks.search_report import draw, make_table, rows
from benchmarks.searches import METHODS, OURS_STOPPING, RAY, SYNE, Options, run_search, why_no_syne_tune
from benchmarks.surrogate import Curves, Frozen, embed_pictograms, untrained
from gap.training.settings import TrainingSettings
from study.distributions import Dimension
from study.provenance import describe_hardware
from study.space_file import find_space, load_space


def settings_and_space(epochs: int) -> tuple[TrainingSettings, dict[str, Dimension]]:
    """Read the rehearsal of arasaac_es.yaml: its space, and its settings but for the batch of the main profile."""
    spec = load_space(find_space("arasaac_es"), {"epochs": epochs, "batch_size": 90}, rehearsal=True)
    fixed = {name: getattr(spec, name) for name in TrainingSettings.model_fields}
    return TrainingSettings.model_validate(fixed), spec.search


def search_all(
    seed: int, *, frozen: Frozen, methods: Sequence[str], trials: int, epochs: int, options: Options
) -> tuple[int, list[dict[str, object]]]:
    """Run every method with one seed; a row for each trial."""
    torch.set_num_threads(1)
    fixed, space = settings_and_space(epochs)
    curves, reference = Curves(frozen, fixed, seed=seed), untrained(frozen)
    made: list[dict[str, object]] = []
    for method in methods:
        proposer, goes_on = METHODS[method](space, seed, epochs, options)
        ended = run_search(proposer, goes_on, curves, budget=trials * epochs, epochs=epochs)
        made += rows(method, seed, ended, reference)
    return seed, made


def run_all(
    seeds: Sequence[int],
    *,
    jobs: int,
    frozen: Frozen,
    methods: Sequence[str],
    trials: int,
    epochs: int,
    options: Options,
) -> pd.DataFrame:
    """Run every method with every seed, ``jobs`` seeds at a time; rows in the order of methods and seeds."""
    task = partial(search_all, frozen=frozen, methods=methods, trials=trials, epochs=epochs, options=options)
    began, made = time.perf_counter(), list[dict[str, object]]()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done, (seed, found) in enumerate(pool.imap_unordered(task, seeds), start=1):
            made += found
            seconds = time.perf_counter() - began
            print(f"{done} of {len(seeds)} seeds, the last {seed}: {seconds:.0f} s", file=sys.stderr, flush=True)
    table = pd.DataFrame(made)
    table["method"] = pd.Categorical(table["method"], categories=list(methods))
    table = table.sort_values(["method", "seed", "trial"], ignore_index=True)
    return table.astype({"method": str})


def parse_arguments(command: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=40, help="full trials that the budget is for (default: 40)")
    parser.add_argument("--epochs", type=int, default=10, help="of a full trial (default: 10)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every trial")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw hypervolume against epochs, .png or .svg")
    ours = parser.add_argument_group("our searches")
    for field in fields(Options):
        name = f"--{field.name.replace('_', '-')}"
        if isinstance(field.default, bool):
            ours.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            ours.add_argument(name, type=type(field.default), default=field.default)
    return parser.parse_args(command)


def main() -> None:
    """Run, print the table, write what was asked for."""
    arguments = parse_arguments()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    methods = [method for method in METHODS if method in arguments.methods]
    if SYNE in methods and (why := why_no_syne_tune()):
        print(f"left out: {SYNE}: {why} (pip install syne-tune==0.16.0)", file=sys.stderr)
        methods.remove(SYNE)
    options = Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})
    torch.set_num_threads(1)
    began = time.perf_counter()
    frozen = embed_pictograms()
    reference, budget = untrained(frozen), arguments.trials * arguments.epochs
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    table = run_all(
        seeds,
        jobs=arguments.jobs,
        frozen=frozen,
        methods=methods,
        trials=arguments.trials,
        epochs=arguments.epochs,
        options=options,
    )

    hardware = ", ".join(f"{name} {value}" for name, value in describe_hardware("cpu").items())
    console.print(f"{hardware}, torch {torch.__version__}, {time.perf_counter() - began:.0f} s")
    console.print(f"{options}, seeds {seeds[0]} to {seeds[-1]}, budget {budget} epochs")
    console.print(f"reference: recall_at_1 {reference[0]:.2f} %, modality_gap {reference[1]:.3f}")
    limits = {f"{OURS_STOPPING}, {arguments.trials} trials": (OURS_STOPPING, arguments.trials)}
    console.print(make_table(table, budget=budget, peer=RAY, reference=reference, limits=limits))
    if arguments.csv:
        table.to_csv(arguments.csv, index=False)
    if arguments.picture:
        matplotlib.use("agg")
        title = f"surrogate of arasaac_es.yaml's rehearsal, {arguments.seeds} seeds: medians and quartiles"
        draw(table, budget=budget, title=title, picture=arguments.picture)


if __name__ == "__main__":
    main()
