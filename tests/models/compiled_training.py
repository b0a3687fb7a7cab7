"""Train ``tiny`` plainly and with compiled blocks; print losses and notes as JSON.

A process of its own: the checks of shapes that the tests switch on are not code that can be compiled.

    PYTHONPATH=tests python tests/models/compiled_training.py DIRECTORY BACKEND...
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch
from small_data import write_small_data

import gap.training.fit
from gap.models.compilation import compile_blocks
from gap.training.config import TrialConfig
from gap.training.fit import fit

used: list[int] = []


def counting(graph: torch.fx.GraphModule, inputs: Any) -> Any:
    used.append(1)
    return graph.forward


def broken(graph: torch.fx.GraphModule, inputs: Any) -> Any:
    raise RuntimeError("no compiler found")


BACKENDS: dict[str, Any] = {"counting": counting, "broken": broken, "inductor": "inductor"}


def main() -> None:
    directory, *backends = sys.argv[1:]
    data = write_small_data(Path(directory) / "data")
    config = TrialConfig(model="tiny", data=data, epochs=1, batch_size=8, lr=0.01, rank=4, pool_size=4)
    shown = {"plain": {"last": list(fit(config))[-1], "notes": []}}
    for name in backends:
        torch.compiler.reset()
        gap.training.fit.compile_blocks = partial(compile_blocks, backend=BACKENDS[name])
        notes: list[str] = []
        last = list(fit(config.model_copy(update={"compile": True}), note=notes.append))[-1]
        shown[name] = {"last": last, "notes": notes, "graphs": len(used)}
        used.clear()
    print(json.dumps(shown))


if __name__ == "__main__":
    main()
