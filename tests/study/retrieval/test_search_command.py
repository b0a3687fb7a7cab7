"""``python study/search.py`` on a small study."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pareto_study import write_pareto_study
from PIL import Image
from small_study import write_small_study

from gap.data import open_dataset
from study.search import main

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = ['<script>alert("x")</script>', '=HYPERLINK("http://x")', "red\x1b[31m\nsquare", "{{ 7 * 7 }} {0} %s [bold]"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("search"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["search.py", *map(str, arguments)])
        code = main()
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def answers(run: Any, *arguments: Any) -> dict[str, Any]:
    code, out, error = run(*arguments, "--json")
    assert code == 0, error
    found: dict[str, Any] = json.loads(out)
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in found["results"]]


def data_of(study: Path) -> Path:
    return Path(json.loads((study / "study.json").read_text())["data"]["path"])


def test_a_table_that_names_the_trial_the_query_and_the_licence(study: Path, run: Any) -> None:
    code, out, error = run(study, "a red square", "--top", 5)
    assert code == 0
    assert out.startswith(f"t00{out[3]} of ")
    assert "(the front's best recall_at_1: terms ce" in " ".join(out.split())
    assert "“a red square”" in out
    assert "5 of 24 images, by cosine" in out
    assert "REHEARSAL" in out
    assert out.splitlines()[-1] == "none".ljust(len(out.splitlines()[-1]))
    assert max(map(len, out.splitlines())) <= 80
    assert out.isprintable() or not {sign for sign in out if not sign.isprintable()} - {"\n"}
    assert "embedding" not in out
    assert "\x1b" not in error


def test_scores_fall_and_all_are_found_when_more_are_asked_for(study: Path, run: Any) -> None:
    found = answers(run, study, "a red square", "--top", 99)
    scores = [hit["score"] for hit in found["results"]]
    assert scores == sorted(scores, reverse=True)
    assert sorted(ids(found), key=int) == [str(number) for number in range(24)]
    assert [hit["rank"] for hit in found["results"]] == list(range(1, 25))
    assert ids(answers(run, study, "a red square", "--top", 1)) == ids(found)[:1]


def test_a_part_of_the_dataset(study: Path, run: Any) -> None:
    whole = ids(answers(run, study, "a red square", "--top", 24))
    test = answers(run, study, "a red square", "--top", 24, "--split", "test")
    assert ids(test) == [name for name in whole if int(name) % 6 >= 4]
    assert {hit["split"] for hit in test["results"]} == {"test"}
    assert test["searched"] == 8


def test_the_model_before_training_beside_a_trial(study: Path, run: Any, tmp_path: Path) -> None:
    both = answers(run, study, "a red square", "--top", 4, "--compare", "--trial", "t001")
    assert [hit["trial_id"] for hit in both["results"]] == ["baseline"] * 4 + ["t001"] * 4
    alone = {
        trial: ids(answers(run, study, "a red square", "--top", 4, "--trial", trial)) for trial in ("baseline", "t001")
    }
    assert ids(both) == alone["baseline"] + alone["t001"]
    code, out, _ = run(study, "a red square", "--top", 4, "--compare", "--trial", "t001", "--html", tmp_path / "s.html")
    assert code == 0
    assert out.splitlines()[0].startswith("baseline of ")
    assert "was" in out or "(new)" in out
    assert max(map(len, out.replace(str(tmp_path), "t").splitlines())) <= 80
    assert "t001 of small-rehearsal" in (tmp_path / "s.html").read_text()


def test_a_picture_of_the_dataset_is_read_as_the_dataset_was(study: Path, run: Any, tmp_path: Path) -> None:
    dataset = open_dataset(data_of(study))
    Image.fromarray(np.asarray(dataset.images[9])).save(tmp_path / "nine.png")
    found = answers(run, study, "--image", tmp_path / "nine.png", "--to", "image", "--top", 3)
    assert (ids(found)[0], found["query"]) == ("9", "nine.png")
    assert found["results"][0]["score"] == pytest.approx(1, abs=1e-5)
    like = answers(run, study, "--like", 9, "--to", "image", "--top", 2)
    assert ids(like) == ids(found)[1:]  # no answer to itself
    assert like["searched"] == 23
    captions = answers(run, study, "--like", "9", "--top", 99)
    # Two images share a caption: it is one answer.
    assert (captions["to"], captions["searched"], len(captions["results"])) == ("text", 23, 23)
    assert [hit["images"] for hit in captions["results"] if hit["id"] == "22"] == [2]
    assert "(and 1 more)" in run(study, "--like", "9", "--top", 99)[1]


def test_what_was_embedded_is_kept_and_what_is_stale_or_damaged_is_made_again(study: Path, run: Any) -> None:
    ask = (study, "a red square", "--trial", "t000")
    kept = study / "embeddings" / "gallery-t000-image.safetensors"
    kept.unlink(missing_ok=True)
    first = run(*ask)
    assert "t000: embedding images, once: 24" in first[2]
    again = run(*ask)
    assert (again[1], again[2]) == (first[1], "")
    whole = kept.read_bytes()
    for damaged in (whole[:40], b"", whole[:-100]):
        kept.write_bytes(damaged)
        assert run(*ask)[1] == first[1]
        assert kept.read_bytes() == whole
    other = study / "embeddings" / "gallery-t001-image.safetensors"
    run(study, "a red square", "--trial", "t001")
    shutil.copyfile(other, kept)  # another adapter's
    assert run(*ask)[1] == first[1]
    assert kept.read_bytes() == whole


def test_a_prompt_is_what_the_captions_were_made_with(study: Path, run: Any, tmp_path: Path) -> None:
    assert answers(run, study, "a red square")["read_as"] == "a red square"
    assert answers(run, study, "red", "--prompt", "a {} square")["read_as"] == "a red square"
    prompted = with_captions(study, tmp_path, [f"A picture of thing {number}" for number in range(24)])
    found = answers(run, prompted, "red")
    assert found["read_as"] == "A picture of red"
    assert found["results"][0]["keywords"].startswith("thing ")
    assert answers(run, prompted, "a picture of red")["read_as"] == "a picture of red"
    assert answers(run, prompted, "red", "--prompt", "{}")["read_as"] == "red"


def test_the_prompt_of_the_space_is_what_the_captions_were_made_with(study: Path, run: Any, tmp_path: Path) -> None:
    prompted = with_captions(study, tmp_path, [f"Foto: thing {number} (a drawing)" for number in range(24)])
    about = json.loads((prompted / "study.json").read_text())
    about["spec"]["prompt"] = "Foto: {} (a drawing)"
    (prompted / "study.json").write_text(json.dumps(about))
    found = answers(run, prompted, "red")
    assert found["read_as"] == "Foto: red (a drawing)"
    assert {row["keywords"] for row in found["results"]} <= {f"thing {number}" for number in range(24)}


def test_a_long_query_says_where_it_was_cut(study: Path, run: Any) -> None:
    words = " ".join(["red square"] * 60)
    found = answers(run, study, words)
    assert found["cut_after"] is not None
    assert words.startswith(found["cut_after"])
    assert 300 < len(found["cut_after"]) < 600
    assert "longer than the model reads: cut after" in " ".join(run(study, words)[1].split())
    assert answers(run, study, "red square")["cut_after"] is None


def with_captions(study: Path, home: Path, captions: list[str]) -> Path:
    """The study over the same images with other captions."""
    data, copy = shutil.copytree(data_of(study), home / "data"), shutil.copytree(study, home / "study")
    described = json.loads((data / "captions.json").read_text())
    described["captions"] = [[caption] for caption in captions]
    (data / "captions.json").write_text(json.dumps({**described, "data_hash": "other"}))
    about = json.loads((copy / "study.json").read_text())
    (copy / "study.json").write_text(json.dumps({**about, "data": {"path": str(data), "data_hash": "other"}}))
    return copy


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]


def test_hostile_captions_are_text_everywhere(study: Path, run: Any, tmp_path: Path) -> None:
    captions = [HOSTILE[number % 4] + f" {number}" for number in range(24)]
    directory = with_captions(study, tmp_path, captions)
    sheet = tmp_path / "sheet.html"
    code, out, _ = run(directory, "<b>{{ 1 }}</b>", "--top", 24, "--html", sheet)
    assert code == 0
    assert "\x1b" not in out
    assert "[bold]" in out
    assert "{{ 7 * 7 }}" in out
    page, seen = sheet.read_text(), Tags()
    seen.feed(page)
    assert "script" not in seen.tags
    assert "&lt;script&gt;" in page
    assert all(link.startswith("data:image/") for link in seen.links)
    assert len(seen.links) == 24
    assert "http-equiv" in page
    assert '<h1 dir="auto">&lt;b&gt;{{ 1 }}&lt;/b&gt;</h1>' in page
    found = answers(run, directory, "red", "--top", 24)
    assert sorted(hit["caption"] for hit in found["results"]) == sorted(captions)
    rows = list(csv.DictReader(io.StringIO(run(directory, "red", "--top", 24, "--csv")[1])))
    assert {row["caption"] for row in rows if "HYPERLINK" in row["caption"]} == {
        f"'{HOSTILE[1]} {n}" for n in range(1, 24, 4)
    }
    assert list(rows[0]) == ["trial_id", "rank", "score", "id", "keywords", "caption", "split", "images"]


def test_an_index_gives_the_same_scores(study: Path, run: Any) -> None:
    exact, indexed = (answers(run, study, "a red square", *option) for option in ([], ["--index"]))
    assert indexed["indexed"]
    assert not exact["indexed"]
    assert indexed["results"] == exact["results"]  # so few that all are proposed
    assert "--no-index looks at all" in run(study, "a red square", "--index")[1]
    part = [answers(run, study, "a red square", "--split", "test", *option)["results"] for option in ([], ["--index"])]
    assert part[0] == part[1]


def test_a_study_that_cannot_be_written_to_is_searched_all_the_same(
    study: Path, run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = shutil.copytree(study, tmp_path / "copy", ignore=shutil.ignore_patterns("embeddings"))
    (copy / "embeddings").write_text("a file where the directory should be")
    assert len(answers(run, copy, "red", "--index")["results"]) == 12
    assert ["is not kept" in record.getMessage() for record in caplog.records] == [True, True]


def test_what_cannot_be_asked_is_one_line(study: Path, run: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "empty.png").write_bytes(b"")
    bare = write_pareto_study(tmp_path / "bare", [], with_optuna=False)
    for arguments, message in [
        ((tmp_path / "nowhere", "red"), "holds no study"),
        ((study, ""), "the query is empty"),
        ((study, " \n "), "the query is empty"),
        ((study,), "expected a text, --image FILE or --like ID, got none of them"),
        ((study, "red", "--like", "3"), "got a text and --like"),
        ((study, "red", "--trial", "t009"), "unknown trial 't009': did you mean 't00"),
        ((study, "red", "--trial", "../t000"), "unknown trial '../t000'"),
        ((study, "red", "--trial", "baseline", "--compare"), "expected another --trial than baseline"),
        ((study, "red", "--top", "0"), "--top: expected at least 1, got 0"),
        (
            (study, "red", "--prompt", "a picture"),
            "--prompt: expected a text with one {}, where the words go",
        ),
        ((study, "--like", "3", "--prompt", "a {}"), "--prompt is for a text"),
        ((study, "--like", "99"), "squares has no image 99: expected an id such as 0"),
        ((study, "--image", tmp_path / "gone.png"), "gone.png cannot be read: no such file"),
        ((study, "--image", tmp_path), "cannot be read: is a directory"),
        ((study, "--image", tmp_path / "notes.txt"), "notes.txt cannot be read: not an image of a known kind"),
        ((study, "--image", tmp_path / "empty.png"), "empty.png cannot be read: the file is empty"),
        ((study, "red", "--html", tmp_path / "notes.txt" / "x"), "--html "),
        ((bare, "red"), "no trial is on the front yet; baseline is the model before training"),
    ]:
        code, out, error = run(*arguments)
        assert (code, out) == (2, ""), message
        assert error.startswith("error: "), message
        assert error.count("\n") == 1
        assert message in error


def test_a_trial_whose_adapter_was_not_kept(study: Path, run: Any, tmp_path: Path) -> None:
    copy = shutil.copytree(study, tmp_path / "copy")
    shutil.rmtree(copy / "adapters" / "t000")
    assert "the adapter of t000 was not kept: expected one of baseline, t001" in run(copy, "red", "--trial", "t000")[2]
    assert answers(run, copy, "red")["results"][0]["trial_id"] == "t001"


def test_help_teaches_at_once(study: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ROOT / "study" / "search.py", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"quiero comer una manzana" --compare --html sheet.html' in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120
    assert "torch" not in {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_it_runs_as_a_file_anywhere(study: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, ROOT / "study" / "search.py", study, "red", "--csv"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("trial_id,rank,score,id")
