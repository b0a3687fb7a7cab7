"""A few inputs for every target, the same every time; ``make fuzz`` tries others for as long as one likes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from fuzz.targets import TARGETS, target

INPUTS = {"spaces": 40, "catalogues": 60, "pictures": 150, "coco": 40, "commands": 25}
HERE = Path(__file__).parent


@pytest.mark.parametrize("name", TARGETS)
def test_only_our_own_errors_come_out(name: str, tmp_path: Path) -> None:
    module = target(name)
    if hasattr(module, "make_ready"):
        module.make_ready(tmp_path)
    (tmp_path / "scratch").mkdir()
    outcomes = set[str]()

    @settings(
        max_examples=INPUTS[name], derandomize=True, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(module.INPUTS)
    def some(value: Any) -> None:
        outcomes.add(module.check(value, tmp_path / "scratch"))

    some()
    assert "refused" in outcomes


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("open(outside, 'w')", "Broken: open of"),
        ("pathlib.Path(outside).mkdir()", "Broken: os.mkdir of"),
        ("subprocess.run(['true'])", "Broken: subprocess.Popen"),
        ("socket.socket().connect(('127.0.0.1', 9))", "Broken: socket.connect"),
        ("time.sleep(30)", "Timeout"),
        ("open(inside, 'w'); shutil.rmtree(scratch); open('/dev/null', 'w'); print('fine')", "fine"),
    ],
)
def test_what_an_input_may_not_do_is_seen(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "scratch").mkdir()
    program = (
        "import pathlib, shutil, socket, subprocess, sys, time\n"
        "from fuzz.guard import Guard\n"
        f"scratch, inside, outside = {str(tmp_path / 'scratch')!r}, {str(tmp_path / 'scratch' / 'x')!r}, "
        f"{str(tmp_path / 'outside')!r}\n"
        f"with Guard(pathlib.Path(scratch)).armed(2):\n    {code}\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert message in done.stdout + done.stderr
    assert not (tmp_path / "outside").exists()


def test_a_target_that_is_none_is_named() -> None:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([sys.executable, "-m", "fuzz", "spcaes"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "unknown target spcaes: expected some of spaces, catalogues, pictures, coco, commands" in done.stderr
