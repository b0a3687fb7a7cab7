import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from small_arasaac import write_small_arasaac
from small_data import write_small_data

from gap.data import open_dataset
from gap.errors import UserError
from study.arguments import parse_arguments
from study.begin import _this_run, begin
from study.checkpoints import checked_path
from study.distinct_batches import left_out_notes
from study.retrieval.sides import prompt_of
from study.space import StudySpec

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


@pytest.mark.parametrize(("batch_size", "told"), [(6, "2 of 32 pairs are left out of each epoch"), (12, "at most 8")])
def test_batches_without_equal_captions_are_possible_or_refused_before_a_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int, told: str
) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    data = write_small_arasaac(tmp_path / "arasaac", records=40)
    entries = [{"_id": number, "keywords": [{"keyword": f"palabra {number % 10}"}]} for number in range(40)]
    (data / "es.json").write_text(json.dumps(entries))
    space = {"dataset": "arasaac", "model": "tiny", "language": "es", "batch_size": batch_size, "unique_captions": True}
    (tmp_path / "space.yaml").write_text(json.dumps(space), encoding="utf-8")
    given = ["--space", str(tmp_path / "space.yaml"), "--data-dir", str(data), "--results-dir", str(tmp_path / "out")]
    output = io.StringIO()
    if batch_size == 6:
        study = begin(parse_arguments(given), Console(file=output, width=200))
        assert told in output.getvalue()
        assert study.about["spec"]["unique_captions"] is True
    else:
        with pytest.raises(UserError, match=told):
            begin(parse_arguments(given), Console(file=output, width=200))


def test_sizes_that_are_searched_are_all_looked_at(tmp_path: Path) -> None:
    dataset = open_dataset(write_small_data(tmp_path / "data"))
    search = {"batch_size": {"choices": [4, 8]}, "unique_captions": {"choices": [True, False]}}
    spec = StudySpec.model_validate({"dataset": "pictograms", "model": "tiny", "search": search})
    assert [note.split(" an epoch")[0] for note in left_out_notes(spec, dataset)] == [
        "unique_captions: 4 batches of 4",
        "unique_captions: 2 batches of 8",
    ]
    assert left_out_notes(spec.model_copy(update={"search": {}}), dataset) == []


def test_a_path_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_path("shared") == str(tmp_path / "shared")
