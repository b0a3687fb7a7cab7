"""python -m fuzz [--seconds 600] [--seed 0] [target ...]: each target so long, one after another, and a table.

Ends with code 1 if there were defects; each is shown with the shortest input that showed it.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
MOST_ENDED = 20  # processes that inputs ended, until a target is left alone


def run(name: str, seconds: float, seed: int) -> tuple[Counter[str], dict[str, dict[str, Any]]]:
    """Run a target for so long; a process that an input ends is a defect, and another goes on."""
    outcomes: Counter[str] = Counter()
    defects: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        directory = Path(place).resolve()
        home = {"HOME": place, "MPLCONFIGDIR": place, "MODALITY_GAP_CACHE": str(directory / "scratch" / "cache")}
        quiet = {"HF_HUB_OFFLINE": "1", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
        paths = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and outcomes["ended"] < MOST_ENDED:
            command = [sys.executable, "-m", "fuzz.child", name, str(left), str(seed), place]
            (directory / "counts").unlink(missing_ok=True)
            done = subprocess.run(command, env={**os.environ, **home, **quiet, **paths}, capture_output=True, text=True)
            if (directory / "counts").exists():
                counted = json.loads((directory / "counts").read_text())
                outcomes.update(counted["outcomes"])
                defects |= counted["defects"]
            if done.returncode:
                outcomes["ended"] += 1
                last = directory / "last"
                value = pickle.loads(last.read_bytes()) if last.exists() else None
                defects[f"process ended with {done.returncode} ({outcomes['ended']})"] = {
                    "input": repr(value)[:5000], "said": done.stderr[-3000:],
                }  # fmt: skip
                if not last.exists():
                    break
            seed += 1000
    return outcomes, defects


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=600, metavar="S", help="for each target (default: 600)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="other inputs for another (default: 0)")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.targets) - set(TARGETS)):
        parser.error(f"unknown target {unknown[0]}: expected some of {', '.join(TARGETS)}")
    found = 0
    for name in arguments.targets or TARGETS:
        outcomes, defects = run(name, arguments.seconds, arguments.seed)
        found += len(defects)
        tried = outcomes.total() - outcomes["ended"]
        shown = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        print(f"{name}: {tried:,} inputs ({shown}), {len(defects)} defects: {TARGETS[name]}", flush=True)
        for place, defect in defects.items():
            print(f"\n{place}\ninput: {defect['input']}\n{defect['said']}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
