"""Question: what do more trials, and more data, cost?

Command: python -m benchmarks.growth trials   (a minute: bookkeeping of the 10th to the 1,000th trial of a study)
         python -m benchmarks.growth data     (two minutes: an epoch of 1,000, 10,000 and 100,000 pairs)
         python -m benchmarks.growth          (both)
Expected: what a study keeps of a trial takes hardly more time at the 1,000th trial than at the tenth, and less than
0.5 s but for TensorBoard's pictures; the proposal, which is the search's own work, is shown beside it. The time of an
epoch is linear in its pairs, its memory is flat.

Of a study of so many trials the last five are recorded as a study records them; those before them were put into the
record at once. Times depend on the disk: every write of the record waits for it.
"""

import argparse
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bookkeeping import KEPT, MEASURED, PROPOSAL, RESUME, measure
from benchmarks.data_growth import BATCH, TEST
from benchmarks.data_growth import measure as measure_data
from benchmarks.rows import make_table
from benchmarks.sections.growth import growth_rows
from benchmarks.sections.study import LIMIT

TRIALS = (10, 100, 300, 1000)


def total(trial: Mapping[str, float]) -> float:
    """Give the seconds of everything that is kept of a trial."""
    return sum(trial[part] for part in KEPT)


def show_trials(console: Console, trials: Sequence[int] = TRIALS) -> None:
    """Print the seconds of a trial's bookkeeping by part."""
    with tempfile.TemporaryDirectory() as directory:
        found = measure(trials, Path(directory))

    def median(of: Callable[[Counter[str]], float], at: int) -> str:
        return f"{statistics.median(of(trial) for trial in found[at]):.3f}"

    table = Table(title=f"s a trial of 10 epochs, median of {MEASURED}", box=None)
    table.add_column("")
    for trial in trials:
        table.add_column(f"trial {trial:,}", justify="right")
    for part in KEPT:
        table.add_row(part, *(median(lambda trial, part=part: trial[part], at) for at in trials))  # type: ignore[misc]
    table.add_row(f"bookkeeping (limit {LIMIT})", *(median(total, at) for at in trials), style="bold")
    for part in (PROPOSAL, RESUME):
        table.add_row(part, *(median(lambda trial, part=part: trial[part], at) for at in trials))  # type: ignore[misc]
    console.print(table)
    console.print(f"{RESUME}: s until every table of the trials before is written again, once a run of the command")


def show_data(console: Console) -> None:
    """Print what an epoch costs as the data grow."""
    costs = measure_data()
    table = Table(title=f"one epoch of tiny, DoRA, batch {BATCH}, {TEST:,} test images", box=None)
    for column in ("pairs", "steps", "s in steps", "s of the rest", "GB of its own", "GB with mapped images"):
        table.add_column(column, justify="right")
    for cost in costs:
        own = "" if cost.own_gb is None else f"{cost.own_gb:.3f}"
        seconds = (f"{cost.train_seconds:.2f}", f"{cost.other_seconds:.2f}")
        table.add_row(f"{cost.pairs:,}", f"{cost.steps:,}", *seconds, own, f"{cost.resident_gb:.3f}")
    console.print(table)
    console.print(make_table(growth_rows(costs)))


PARTS: dict[str, Callable[[Console], None]] = {"trials": show_trials, "data": show_data}


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=" or ".join(PARTS))
    arguments = parser.parse_args()
    if unknown := [part for part in arguments.parts if part not in PARTS]:
        parser.error(f"expected {' or '.join(PARTS)}, got {unknown[0]}")
    console = Console(highlight=False)
    for part in arguments.parts or PARTS:
        PARTS[part](console)


if __name__ == "__main__":
    main()
