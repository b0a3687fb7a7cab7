"""``python study/report.py``, the figures and tables for papers, and the report at the end of a study."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from pareto_study import write_pareto_study
from PIL import Image
from reported_study import write_reported_study
from rich.console import Console

from study.report import main
from study.reporting.at_the_end import write_report
from study.reporting.papers.tables import TABLES
from study.reporting.papers.write import FIGURES

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["report.py", *map(str, arguments)])
        code = main()
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def test_it_writes_a_page_figures_and_tables(run: Any, tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    code, out, error = run(directory)
    assert (code, error) == (0, "")
    assert out.startswith(f"written: {directory / 'report.html'}, ")
    figures = {path.name for path in (directory / "figures").iterdir()}
    assert figures == {f"{name}.{kind}" for name in FIGURES for kind in ("svg", "png")}
    for name in FIGURES:
        assert ElementTree.parse(directory / "figures" / f"{name}.svg").getroot().tag.endswith("svg")
        with Image.open(directory / "figures" / f"{name}.png") as picture:
            assert picture.width == 1100
    tables = {path.name for path in (directory / "tables").iterdir()}
    assert tables == {f"{name}.tex" for name in TABLES} - {"thesis.tex"}  # no table of the thesis is about squares
    first = {path: path.read_bytes() for path in (directory / "figures").iterdir()}
    run(directory)
    assert {path: path.read_bytes() for path in (directory / "figures").iterdir()} == first


def test_tables_compile(run: Any, tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    run(directory)
    for path in (directory / "tables").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "% needs \\usepackage{booktabs}"
        body = [line for line in lines if not line.startswith(("%", "\\begin"))]
        columns = len(re.search(r"\{([lr]+)\}", path.read_text())[1])  # type: ignore[index]
        for line in body:
            assert not re.search(r"(?<!\\)[_%#$]", line), line
            if line.endswith(r"\\"):
                assert len(re.findall(r"(?<!\\)&", line)) == columns - 1, line
    front = (directory / "tables" / "front.tex").read_text()
    assert "% R@k: in pools of 90" in front
    assert "trial & R@1 (\\%) & modality gap & terms" in front
    assert "t002 (knee) & 51 & 0.30 & ce+centroid & 16" in front
    assert "before training & 30 & 1.00 & - & -" in front


def test_what_no_longer_holds_goes(run: Any, tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    run(directory)
    for file in (*(directory / "embeddings").iterdir(), directory / "pareto.csv"):
        file.unlink()
    run(directory)
    assert not (directory / "figures" / "embedding_map.svg").exists()
    assert not (directory / "tables" / "front.tex").exists()
    assert (directory / "figures" / "front.png").exists()


def test_another_place(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    before = set(directory.rglob("*"))
    code, _, _ = run(directory, "--output", tmp_path / "paper" / "study.html", "--trials", "t001")
    assert code == 0
    assert (tmp_path / "paper" / "study.html").exists()
    assert (tmp_path / "paper" / "figures" / "front.svg").exists()
    assert set(directory.rglob("*")) == before


def test_faults_are_one_line(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    (tmp_path / "file").write_text("")
    for arguments, message in [
        ((tmp_path / "nowhere",), "holds no study: cannot read study.json"),
        ((directory, "--trials", "../t000"), "has no trial ../t000: expected some of t000, t001"),
        ((directory, "--output", tmp_path / "file" / "page.html"), "cannot write the report to"),
    ]:
        code, out, error = run(*arguments)
        assert (code, out) == (2, ""), message
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert message in error


def test_help_teaches(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "--trials t003 t007" in out
    assert max(map(len, out.splitlines())) <= 120


def test_it_runs_as_a_file(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    done = subprocess.run(
        [sys.executable, ROOT / "study" / "report.py", directory], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_report_that_fails_loses_no_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    console = Console(record=True, width=80)
    directory = write_pareto_study(tmp_path / "a study", with_optuna=False)
    assert write_report(directory, console) == directory / "report.html"
    (directory / "trials.csv").write_text("")
    assert write_report(directory, console) is None
    said = console.export_text().splitlines()
    assert said[0] == f"report:  {directory / 'report.html'}"
    assert said[1].startswith("no report: cannot read ")
    assert said[1].endswith("to make it: python study/report.py 'a study'")
    assert len(said) == 2


def test_whatever_goes_wrong_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(directory: Path) -> Path:
        raise RuntimeError("two\n  lines [of it]")

    monkeypatch.setattr("study.reporting.write.make_report", fail)
    console = Console(record=True, width=80)
    assert write_report(tmp_path / "s", console) is None
    assert console.export_text() == f"no report: two lines [of it]; to make it: python study/report.py {tmp_path}/s\n"
