import sys
from pathlib import Path

import pytest
from small_data import write_small_data

from gap.data import open_dataset
from gap.models.load import load_clip
from study.begin import _this_run, cut_note
from study.checkpoints import checked_path

URL = "postgresql://me:secret@host/studies"


@pytest.mark.parametrize("given", [["--storage", URL], [f"--storage={URL}"]])
def test_a_password_is_not_written_down(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["study/run.py", *given])
    written = str(_this_run(URL))
    assert "secret" not in written
    assert "postgresql://me:***@host/studies" in written


def test_captions_that_are_cut_are_counted(tmp_path: Path) -> None:
    dataset = open_dataset(write_small_data(tmp_path / "data", captions_per_image=2))
    clip = load_clip("tiny")
    assert cut_note(clip, dataset) is None
    for captions in dataset.captions[:5]:
        captions[1] = "una abeja " * 60
    note = cut_note(clip, dataset)
    assert note == "5 of 48 captions are cut: tiny reads 77 tokens, and not what is behind."


def test_a_path_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_path("shared") == str(tmp_path / "shared")
