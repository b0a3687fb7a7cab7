"""Everything that is claimed about speed and memory, in one table.

Command: python -m benchmarks                        (all sections: 8 minutes on 2 cores)
         python -m benchmarks steps metrics          (some)
         python -m benchmarks --json benchmarks.json (the rows' names and numbers as well)

A row tells how much of a peer's time or memory something takes: below 1 is less. Ratios are medians of at least five
rounds in which both take turns, low and high their quartiles, unless the row's note says otherwise. What a section
measures stands in benchmarks/sections/; benchmarks.search and benchmarks.gpu are commands of their own.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.rows import Row, make_table, write_json
from benchmarks.sections.growth import growth
from benchmarks.sections.memory import memory
from benchmarks.sections.metrics import metrics
from benchmarks.sections.prefix import prefix
from benchmarks.sections.steps import steps
from benchmarks.sections.study import study
from study.provenance import describe_hardware

SECTIONS: dict[str, Callable[[], list[Row]]] = {
    "steps": steps,
    "memory": memory,
    "metrics": metrics,
    "prefix": prefix,
    "study": study,
    "growth": growth,
}


def parse_arguments(command: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = "\n".join(f"  {name:8} {(make.__doc__ or '-').splitlines()[0]}" for name, make in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\nsections:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    arguments = parser.parse_args(command)
    if unknown := [name for name in arguments.sections if name not in SECTIONS]:
        parser.error(f"expected sections among {', '.join(SECTIONS)}, got {unknown[0]}")
    return arguments


def main(command: list[str] | None = None) -> None:
    """Measure, print, write."""
    arguments = parse_arguments(command)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    rows, began = list[Row](), time.perf_counter()
    for name in arguments.sections or SECTIONS:
        print(f"{time.perf_counter() - began:4.0f} s: {name}", file=sys.stderr, flush=True)
        rows += SECTIONS[name]()
    hardware = ", ".join(f"{name} {value}" for name, value in describe_hardware("cpu").items())
    console.print(f"{hardware}, torch {torch.__version__}, {time.perf_counter() - began:.0f} s")
    console.print(make_table(rows))
    if arguments.json:
        write_json(rows, arguments.json)


if __name__ == "__main__":
    main()
