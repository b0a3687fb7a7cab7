"""Question: how far is the planned memory of a training step from what it takes?

Command: python -m benchmarks.plan          (mini and a ViT-B-32 with random weights: about 3 minutes on 2 cores)
         python -m benchmarks.plan --all    (with tiny, and every model in both precisions: about 8 minutes)
Expected: every ratio of planned to measured between 0.85 and 1.15.

The plan is made on tensors without values, like a CPU; the measurement is the growth of a fresh process's resident
memory (see peak.py). Linux only.
"""

import argparse
import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.peak import measure
from gap.models.adapters import METHODS
from gap.training.config import TrialConfig
from gap.training.plan.trial import plan_trial

BATCHES = {"tiny": 512, "mini": 32, "ViT-B-32": 8}
PRETRAINED = {"ViT-B-32": "openai"}


def rows(*, everything: bool) -> Iterator[dict[str, Any]]:
    """Give the settings of every row; by default ``mini`` in fp32 and the ViT in bf16."""
    default = {("mini", "fp32"), ("ViT-B-32", "bf16")}
    for model, precision in itertools.product(BATCHES, ("fp32", "bf16")):
        if not everything and (model, precision) not in default:
            continue
        for method, checkpointing in itertools.product(METHODS, (False, True)):
            yield {
                "model": model,
                "pretrained": PRETRAINED.get(model),
                "method": method,
                "gradient_checkpointing": checkpointing,
                "precision": precision,
                "batch_size": BATCHES[model],
            }


def planned(settings: Mapping[str, Any]) -> int:
    """Give the bytes of the plan."""
    return plan_trial(TrialConfig(data="none", **settings), like="cpu").step.peak


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", dest="everything", help="every model in both precisions")
    arguments = parser.parse_args()
    table = Table(box=None)
    for column in ("model", "pairs", "precision", "method", "recomputed"):
        table.add_column(column, no_wrap=True)
    for column in ("plan/MB", "peak/MB", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    ratios = []
    with ThreadPoolExecutor(1) as beside:
        for row in rows(everything=arguments.everything):
            measurement = beside.submit(measure, row)
            plan, measured = planned(row), measurement.result()
            ratios.append(plan / measured)
            table.add_row(
                row["model"], str(row["batch_size"]), row["precision"], row["method"],
                "yes" if row["gradient_checkpointing"] else "no",
                f"{plan / 1e6:.0f}", f"{measured / 1e6:.0f}", f"{ratios[-1]:.3f}",
            )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    console.print(f"ratios from {min(ratios):.3f} to {max(ratios):.3f}")


if __name__ == "__main__":
    main()
