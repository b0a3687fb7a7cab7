import sys
from pathlib import Path

import pytest

from study.begin import _this_run
from study.checkpoints import checked_path

URL = "postgresql://me:secret@host/studies"


@pytest.mark.parametrize("given", [["--storage", URL], [f"--storage={URL}"]])
def test_a_password_is_not_written_down(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["study/run.py", *given])
    written = str(_this_run(URL))
    assert "secret" not in written
    assert "postgresql://me:***@host/studies" in written


def test_a_path_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_path("shared") == str(tmp_path / "shared")
