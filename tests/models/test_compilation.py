import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from gap.models.compilation import compilation_failure, compile_blocks
from gap.models.load import load_clip

SCRIPT = Path(__file__).with_name("compiled_training.py")
SAME = ("loss", "modality_gap", "recall_at_1", "logit_scale")


def train(directory: Path, *backends: str) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT), str(directory), *backends]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(SCRIPT.parents[up]) for up in (1, 2))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shown: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return shown


def test_every_block_of_both_towers_is_compiled() -> None:
    assert compile_blocks(load_clip("tiny").model) == 6
    assert compile_blocks(nn.Linear(2, 2)) == 0


def test_compiled_blocks_train_alike_and_a_failure_to_compile_stops_nothing(tmp_path: Path) -> None:
    shown = train(tmp_path, "counting", "broken")
    plain, compiled, fallen = shown["plain"]["last"], shown["counting"], shown["broken"]
    assert compiled["graphs"] > 0
    assert compiled["notes"] == []
    for name in SAME:
        assert compiled["last"][name] == pytest.approx(plain[name], abs=1e-4)
        assert fallen["last"][name] == plain[name]
    (note,) = fallen["notes"]
    assert note.startswith("compile: off from here on (BackendCompilerFailed: ")
    assert "no compiler found" in note


def test_other_errors_are_none_of_its_business() -> None:
    assert compilation_failure(RuntimeError("shape mismatch")) == ""


@pytest.mark.slow
def test_inductor_compiles_dora(tmp_path: Path) -> None:
    shown = train(tmp_path, "inductor")
    assert shown["inductor"]["notes"] == []
    for name in SAME:
        assert shown["inductor"]["last"][name] == pytest.approx(shown["plain"]["last"][name], abs=1e-4)
