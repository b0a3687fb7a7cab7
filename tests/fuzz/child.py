"""One target, in a process of its own: python -m fuzz.child TARGET SECONDS SEED DIRECTORY.

Prints what became of the inputs as JSON. ``last`` in the directory holds the input at hand, for the parent to read if
this process is ended by it.
"""

import gc
import json
import os
import pickle
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.guard import Guard, limit_memory
from fuzz.targets import target

ROUND = 200  # inputs of one run of hypothesis


def main(name: str, seconds: float, first_seed: int, directory: Path) -> None:
    warnings.simplefilter("ignore")
    scratch = directory / "scratch"
    scratch.mkdir(exist_ok=True)
    os.chdir(directory)
    module = target(name)
    if hasattr(module, "make_ready"):
        module.make_ready(directory)
    outcomes: Counter[str] = Counter()
    defects: dict[str, dict[str, Any]] = {}
    guard, written = Guard(scratch), [0.0]

    def one(value: Any) -> None:
        (directory / "last").write_bytes(pickle.dumps(value))
        try:
            with guard.armed(module.SECONDS):
                outcome = module.check(value, scratch)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            outcome = "defect"
            key, size = place_of(error), len(repr(value))
            if key not in defects or size < defects[key]["size"]:
                shown = "".join(traceback.format_exception(error))[-3000:]
                defects[key] = {"size": size, "input": repr(value)[:5000], "said": shown}
        outcomes[outcome] += 1
        if outcome == "defect" or time.monotonic() - written[0] > 0.5:
            write()

    def write() -> None:
        written[0] = time.monotonic()
        (directory / "counts").write_text(json.dumps({"outcomes": outcomes, "defects": defects}))

    limit_memory()
    start, number = time.monotonic(), first_seed
    while time.monotonic() - start < seconds:

        @seed(number)
        @settings(
            max_examples=ROUND, deadline=None, database=None, phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(module.INPUTS)
        def some(value: Any) -> None:
            if time.monotonic() - start < seconds:
                one(value)

        some()
        number += 1
        gc.collect()
    write()


def place_of(error: BaseException) -> str:
    """Tell defects apart: the kind of error and the innermost line of ours that it came by."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(f"{os.sep}{part}{os.sep}" in frame.filename for part in ("gap", "study"))]
    frame = (ours or frames)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
