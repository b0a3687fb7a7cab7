"""Question: what do more trials, and more data, cost?

Command: python -m benchmarks.growth trials   (a minute: bookkeeping of the 10th to the 1,000th trial of a study)
         python -m benchmarks.growth          (everything)
Expected: what a study keeps of a trial takes less than 0.5 s at the 1,000th trial; the proposal, which is the search's
own work, is shown beside it.

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

TRIALS = (10, 100, 300, 1000)
LIMIT = 0.5


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


PARTS: dict[str, Callable[[Console], None]] = {"trials": show_trials}


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_args()
    console = Console(highlight=False)
    for part in arguments.parts or PARTS:
        PARTS[part](console)


if __name__ == "__main__":
    main()
