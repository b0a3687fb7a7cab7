import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pretend_arasaac import Answer, Pretend, catalogue, image, record, serving

from gap.data.arasaac.__main__ import main
from gap.data.arasaac.languages import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
PICTURES = range(1, 21)


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    with serving(Pretend()) as server:
        server.catalogues["es"] = [record(number, sex=number == 2) for number in PICTURES]
        yield server


def words(pretend: Pretend, *more: str) -> list[str]:
    return ["--api", pretend.address, "--static", pretend.address, *more]


def started(pretend: Pretend, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gap.data.arasaac", *words(pretend, *more)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def recorded(place: Path) -> set[int]:
    return {json.loads(line)["id"] for line in (place / "manifest.jsonl").read_text().splitlines()}


def test_all_there_is_0(pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(pretend, "--lang", "es", "--data-dir", str(tmp_path))) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"arasaac: all 20 pictograms are in {tmp_path} (20 new, 0.0 MB), edition 20")
    assert said.err == "arasaac es: 20 of 20 records\narasaac: pictures of 300 pixels: 20\n"
    assert main(words(pretend, "--data-dir", str(tmp_path))) == 0
    assert "(nothing new)" in capsys.readouterr().out


def test_it_goes_where_a_study_looks(
    pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path))
    assert main(words(pretend, "--lang", "es")) == 0
    assert (tmp_path / "sources" / "arasaac" / "es.json").is_file()


def test_something_missing_is_1_and_the_last_line_goes_on(
    pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (4, 7):
        pretend.fail(image(number), Answer(status=404))
    command = words(pretend, "--lang", "es", "--data-dir", str(tmp_path / "a b"))
    assert main(command) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    said, _, again = last.partition("; go on with: python -m gap.data.arasaac ")
    assert said == "arasaac: missing 2 of 20 pictograms: 4 (HTTP 404), 7 (HTTP 404)"
    assert again == " ".join(command[:-1]) + f" '{tmp_path / 'a b'}'"
    assert main(command) == 0


def test_a_catalogue_that_does_not_come_is_1(
    pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(pretend, "--lang", "fr", "--data-dir", str(tmp_path))) == 1
    assert capsys.readouterr().out.startswith(
        "arasaac: missing fr.json (HTTP 404); go on with: python -m gap.data.arasaac"
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--lang", "xx"], "error: unknown language of arasaac 'xx':"),
        (["--lang", "es", "--exclude", "sexo"], "error: unknown mark of --exclude 'sexo': did you mean 'sex'?"),
        (["--lang", "es", "--categories", "none such"], "error: unknown category 'none such'"),
        ([], "holds no language yet: expected --lang"),
        (["--lang", "es", "--api", "http://arasaac.org"], "error: expected an address as https"),
        (["--lang", "es", "--data-dir", "/dev/null/x"], "error: cannot read or write /dev/null"),
    ],
)
def test_wrong_input_is_2_and_one_line(
    pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    assert main([*words(pretend, "--data-dir", str(tmp_path)), *wrong]) == 2
    got = capsys.readouterr().err.splitlines()
    assert said in got[-1]
    assert len(got) == 1


def test_filters_are_passed_on(pretend: Pretend, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(pretend, "--lang", "es", "--exclude", "sex, violence", "--data-dir", str(tmp_path))) == 0
    assert "19 of 20 records; 1 filtered out" in capsys.readouterr().err
    assert sorted(pretend.pictures_asked()) == [number for number in PICTURES if number != 2]
    pretend.asked.clear()
    assert main(words(pretend, "--exclude", "", "--data-dir", str(tmp_path))) == 0
    assert pretend.asked == [catalogue(), image(2)]


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--help"])
    said = capsys.readouterr().out
    for part in ("Sergio Palao", "CC BY-NC-SA 4.0", "python -m gap.data.arasaac --lang es --lang en", "exit code:"):
        assert part in said
    assert f"languages: {' '.join(LANGUAGES)}" in said


def test_killed_in_the_middle_it_goes_on_where_it_was(pretend: Pretend, tmp_path: Path) -> None:
    never = threading.Event()
    for number in PICTURES[8:]:
        pretend.fail(image(number), Answer(b"", wait=never))
    process = started(pretend, "--lang", "es", "--data-dir", str(tmp_path))
    try:
        pretend.wait_for(1 + 8 + 6)  # the catalogue, eight pictures that came and six that hang
        process.kill()
        process.communicate(timeout=60)
    finally:
        process.kill()
        never.set()
    there = recorded(tmp_path)
    assert there == set(PICTURES[:8])
    (tmp_path / "images" / ".9.png.x.part").write_bytes(b"half")
    pretend.first.clear()
    pretend.asked.clear()
    assert main(words(pretend, "--lang", "es", "--data-dir", str(tmp_path))) == 0
    assert sorted(pretend.asked) == sorted(image(number) for number in PICTURES[8:])
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == sorted(f"{n}.png" for n in PICTURES)


def test_interrupted_it_says_how_to_go_on(pretend: Pretend, tmp_path: Path) -> None:
    never = threading.Event()
    for number in PICTURES[3:]:
        pretend.fail(image(number), Answer(b"", wait=never))
    process = started(pretend, "--lang", "es", "--data-dir", str(tmp_path))
    try:
        pretend.wait_for(1 + 3 + 6)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        never.set()
    assert process.returncode == 130
    assert said.startswith("arasaac: interrupted; go on with: python -m gap.data.arasaac --api ")
    assert "Traceback" not in errors
    assert recorded(tmp_path) == {1, 2, 3}
    pretend.first.clear()
    pretend.asked.clear()
    assert main(words(pretend, "--lang", "es", "--data-dir", str(tmp_path))) == 0
    assert catalogue() not in pretend.asked
