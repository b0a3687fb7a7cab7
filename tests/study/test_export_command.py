import json
from pathlib import Path

import pytest

from study.export import main


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    assert main() == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_what_cannot_be_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "holds no study" in refused(monkeypatch, capsys, str(tmp_path), "t000", "out")
    (tmp_path / "study.json").write_text(json.dumps({"spec": {"model": "tiny", "pretrained": None}}))
    assert "expected one of none yet" in refused(monkeypatch, capsys, str(tmp_path), "t000", "out")
    (tmp_path / "adapters" / "t002").mkdir(parents=True)
    assert "expected one of t002" in refused(monkeypatch, capsys, str(tmp_path), "t000", "out")
    assert "expected a directory with trained.safetensors" in refused(monkeypatch, capsys, str(tmp_path), "t002", "out")
