import os
import subprocess
import sys
from pathlib import Path

import pytest

from gap.errors import UserError
from study.lock import study_lock


def test_a_second_process_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from study.lock import study_lock\nwith study_lock(Path({str(tmp_path)!r})): pass"
    )
    with study_lock(tmp_path):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())
    assert f"UserError: {tmp_path} is in use: process {os.getpid()} runs this study" in done.stderr
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=Path.cwd()).returncode == 0


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from study.lock import study_lock\n"
        f"with study_lock(Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.cwd()).returncode == -9
    with study_lock(tmp_path):
        assert (tmp_path / ".pid").read_text() == str(os.getpid())


def test_it_is_let_go_when_the_study_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), study_lock(tmp_path):
        raise KeyError
    with study_lock(tmp_path):
        pass


def test_twice_in_one_process_is_refused_too(tmp_path: Path) -> None:
    with study_lock(tmp_path), pytest.raises(UserError, match="is in use"), study_lock(tmp_path):
        pass
