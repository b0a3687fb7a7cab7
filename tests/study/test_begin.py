import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from small_arasaac import write_small_arasaac

from study.arguments import parse_arguments
from study.begin import _this_run, begin
from study.checkpoints import checked_path
from study.retrieval.sides import prompt_of

URL = "postgresql://me:secret@host/studies"


@pytest.mark.parametrize("given", [["--storage", URL], [f"--storage={URL}"]])
def test_a_password_is_not_written_down(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["study/run.py", *given])
    written = str(_this_run(URL))
    assert "secret" not in written
    assert "postgresql://me:***@host/studies" in written


@pytest.mark.parametrize(
    ("language", "prompt", "caption"),
    [("sq", "Foto: {}", "Foto: palabra 3"), ("fr", None, "Une image : palabra 3"), ("es", "{}", "palabra 3")],
)
def test_language_and_prompt_of_a_space_make_the_captions_and_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, prompt: str | None, caption: str
) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    data = write_small_arasaac(tmp_path / "arasaac", records=20, keywords=20)
    (data / "es.json").rename(data / f"{language}.json")
    space = {"dataset": "arasaac", "model": "tiny", "language": language, "prompt": prompt}
    (tmp_path / "space.yaml").write_text(json.dumps(space), encoding="utf-8")  # YAML, too
    given = ["--space", str(tmp_path / "space.yaml"), "--data-dir", str(data), "--results-dir", str(tmp_path / "out")]
    study = begin(parse_arguments(given), Console(file=io.StringIO()))
    assert study.dataset.captions[3] == [caption]
    assert study.about["data"]["language"] == language
    assert study.about["spec"]["prompt"] == prompt
    assert prompt_of(study.dataset, prompt) == caption.replace("palabra 3", "{}")


def test_a_path_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_path("shared") == str(tmp_path / "shared")
