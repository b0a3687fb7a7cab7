"""Question: how far is the planned memory of a training step from what it takes?

Command: python -m benchmarks.plan          (mini and a ViT-B-32 with random weights: about 3 minutes on 2 cores)
         python -m benchmarks.plan --all    (with tiny, and every model in both precisions: about 8 minutes)
Expected: every ratio of planned to measured between 0.85 and 1.15.

The plan is made on tensors without values, like a CPU; the measurement is the growth of a fresh process's resident
memory (see peak.py). Linux only.
"""

import argparse
import itertools
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.peak import measure
from gap.models.adapters import METHODS
from gap.training.config import TrialConfig
from gap.training.plan.trial import plan_trial

BATCHES = {"tiny": 512, "mini": 32, "ViT-B-32": 8}
PRETRAINED = {"ViT-B-32": "openai"}
PRECISIONS = ("fp32", "bf16")
DEFAULT = [("mini", "fp32"), ("ViT-B-32", "bf16")]


def rows(kinds: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Give the settings of every row: each model and precision with every method, recomputed or not."""
    for (model, precision), method, checkpointing in itertools.product(kinds, METHODS, (False, True)):
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
    """Print the rows as they come, and the range of their ratios."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", dest="everything", help="every model in both precisions")
    parser.add_argument("--model", choices=BATCHES, help="this one alone, in both precisions")
    arguments = parser.parse_args()
    models = [arguments.model] if arguments.model else list(BATCHES)
    kinds = list(itertools.product(models, PRECISIONS)) if arguments.everything or arguments.model else DEFAULT
    layout = "{:<9} {:>5} {:<9} {:<11} {:<10} {:>8} {:>8} {:>6}"
    print(layout.format("model", "pairs", "precision", "method", "recomputed", "plan/MB", "peak/MB", "ratio"))
    ratios = []
    with ThreadPoolExecutor(1) as beside:
        for row in rows(kinds):
            measurement = beside.submit(measure, row)
            plan, measured = planned(row), measurement.result()
            ratios.append(plan / measured)
            settings = (row[name] for name in ("model", "batch_size", "precision", "method"))
            recomputed = "yes" if row["gradient_checkpointing"] else "no"
            sizes = f"{plan / 1e6:.0f}", f"{measured / 1e6:.0f}", f"{ratios[-1]:.3f}"
            print(layout.format(*settings, recomputed, *sizes), flush=True)
    print(f"ratios from {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} rows")


if __name__ == "__main__":
    main()
