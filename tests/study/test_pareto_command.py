"""``python study/pareto.py`` on studies made by hand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from pareto_study import GOALS, TRIALS, write_optuna, write_pareto_study

from study.front import Direction
from study.pareto import main

ROOT = Path(__file__).resolve().parents[2]
RUNS = {"t000": [(56, 0.90), (58, 0.92)], "t001": [(56, 0.8), (58, 0.95)], "t002": [(50, 0.3)]}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["pareto.py", *map(str, arguments)])
        code = main()
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def line(out: str, start: str) -> str:
    return next(one for one in out.splitlines() if one.startswith(start))


def test_the_front_under_the_model_before_training(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s")
    code, out, error = run(directory)
    assert (code, error) == (0, "")
    assert "8 trials (6 complete, 1 stopped early, 1 failed), 4 of them on the front" in out
    starts = re.findall(r"^(before|t\d\d\d) ", out, flags=re.MULTILINE)
    assert starts == ["before", "t000", "t001", "t002", "t003"]
    assert line(out, "before").split() == ["before", "30", "1"]
    assert line(out, "t002").split()[:5] == ["t002", "◆", "51", "0.3", "adapters/t002"]
    assert "terms ce+variance, rank 4, beta 1.5" in line(out, "t001")
    assert f"adapters are in {directory}" in out
    # 30 x 0.1 + 27 x 0.4 + 21 x 0.2 + 10 x 0.05
    assert "hypervolume: 18.5, measured from recall_at_1 30, modality_gap 1\n" in out
    assert "P(front)" not in out
    assert "±" not in out
    assert "neighbours" not in out
    assert max(map(len, out.replace(str(directory), "s").splitlines())) <= 120


def test_importances_and_effects(run: Any, tmp_path: Path) -> None:
    out = run(write_pareto_study(tmp_path / "s"))[1]
    importances, effects = out.split("Importance:")[1].split("Effect of")
    assert {line(importances, name).split()[0] for name in ("terms", "rank")} == {"terms", "rank"}
    shares = [float(line(importances, name).split()[1]) for name in ("terms", "rank")]
    rest = float(line(importances, "interactions and noise").split()[3])
    assert rest > 0.05
    assert sum(shares) + rest == pytest.approx(1, abs=0.016)
    assert line(importances, "R² on unseen trials")
    assert "recall_at_1: not distinguishable from noise" in importances  # six trials tell nothing
    assert "Left out, as only some trials have them: beta" in importances
    # 45.5 with the centroid term, 56.25 without; the stopped trial counts on neither side.
    assert line(effects, "centroid").split()[:4] == ["centroid", "2", "4", "-10.8"]
    assert "ce " not in effects.splitlines()[1]


def test_error_bars_and_neighbours(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", runs=RUNS, spec={"reference": {"modality_gap": 2.0}})
    out = run(directory)[1]
    below = out.splitlines()[out.splitlines().index(line(out, "t000")) + 1]
    assert below.split() == ["57", "±", "1", "(2)", "0.91", "±", "0.01", "(2)"]
    assert "P(front)" in out
    assert line(out, "t003").split()[3:5] == ["-", "adapters/t003"]  # no re-run, no probability
    assert "50 (1)" in out
    told = "t000 and t001, neighbours on the front, are not told apart by their re-runs (paired over 2 seeds)."
    assert told in out
    assert "Paired t-test over the seeds in common" in out
    assert "Compared: 1 of 3 pairs" in out
    assert "measured from recall_at_1 30, modality_gap 2\n" in out
    assert max(map(len, out.replace(str(directory), "s").splitlines())) <= 120


def test_re_runs_without_a_seed_are_refused(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", runs=RUNS)
    table = pd.read_csv(directory / "replicates.csv")
    for broken, message in (
        (table.drop(columns="seed"), "no column seed"),
        (table.assign(seed=None), "without a seed"),
    ):
        broken.to_csv(directory / "replicates.csv", index=False)
        code, _, error = run(directory)
        assert code == 2
        assert message in error
        assert error.count("\n") == 1


def test_pick_prints_one_trial_and_nothing_else(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", runs=RUNS)
    code, out, _ = run(directory, "--pick", "recall_at_1 >= 50")
    assert code == 0
    assert out.splitlines() == [
        "t002: recall_at_1 51, modality_gap 0.3",
        "parameters: terms ce+centroid, rank 16",
        f"adapter: {directory / 'adapters' / 't002'}",
    ]
    assert run(directory, "--pick", "modality_gap<0.9 and rank <= 4")[1].startswith("t001: ")
    (directory / "adapters" / "t000").rmdir()
    assert "adapter: not kept" in run(directory, "--pick", "recall_at_1 > 57")[1]


def test_three_objectives(run: Any, tmp_path: Path) -> None:
    objectives: dict[str, Direction] = {**GOALS, "seconds": "min"}
    rows = [(*row, 100.0 - number) for number, row in enumerate(TRIALS)]
    directory = write_pareto_study(tmp_path / "s", rows, objectives=objectives)
    code, out, _ = run(directory)
    assert code == 0
    assert "6 of them on the front" in out
    # The hand-made model before training has no seconds.
    assert "no reference point for the hypervolume" in out
    assert "`reference: {seconds: 600}`" in out
    assert len(line(out.split("Importance")[1], "rank").split()) == 4
    # Conditions name two objectives: the third, seconds, decides.
    assert run(directory, "--pick", "recall_at_1 >= 50, modality_gap < 0.7")[1].startswith("t005: ")
    assert run(directory, "--pick", "seconds < 97")[1].startswith("t004: ")


def test_a_study_of_one_trial(run: Any, tmp_path: Path) -> None:
    code, out, _ = run(write_pareto_study(tmp_path / "s", TRIALS[:1], runs={"t000": [(59, 0.9)]}))
    assert code == 0
    assert line(out, "t000 ◆")
    assert "59 (1)" in out
    assert "Compared: 0 of 0 pairs" in out
    assert "importances left out: too few complete trials" in out
    assert "effects of terms left out: no loss term is in some trials" in out


def test_studies_without_a_front(run: Any, tmp_path: Path) -> None:
    failed = write_pareto_study(tmp_path / "failed", TRIALS[-2:])
    code, out, _ = run(failed)
    assert code == 0
    assert "2 trials (1 stopped early, 1 failed), 0 of them on the front" in out
    assert "hypervolume: 0," in out
    young = write_pareto_study(tmp_path / "young")
    for table in ("trials", "pareto", "baseline"):
        (young / f"{table}.csv").unlink()
    code, out, _ = run(young)
    assert (code, out) == (0, f"{young}: no trial has ended yet\n")
    for directory in (failed, young):
        code, out, error = run(directory, "--pick", "recall_at_1 >= 50")
        assert (code, out, error) == (2, "", f"error: {directory}: no trial is on the front yet\n")


def test_where_importances_come_from(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s")
    found = run(directory)[1].split("Importance")[1]
    renamed = directory.rename(tmp_path / "renamed")
    assert run(renamed)[1].split("Importance")[1] == found
    # With a second study in the file, study.json says which it is.
    optuna.create_study(storage=f"sqlite:///{renamed / 'optuna.db'}", study_name="other")
    assert f"importances left out: {renamed / 'optuna.db'} holds no study renamed" in run(renamed)[1]
    about = json.loads((renamed / "study.json").read_text())
    (renamed / "study.json").write_text(json.dumps({**about, "optuna_study": "s"}))
    assert run(renamed)[1].split("Importance")[1] == found
    (renamed / "study.json").write_text(json.dumps({**about, "optuna_study": "other"}))
    assert "has 1 objectives, study.json 2" in run(renamed)[1]


def test_without_a_database_the_rest_is_shown(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    out = run(directory)[1]
    assert f"importances left out: {directory} has no optuna.db" in out
    assert "Effect of a loss term" in out
    assert not (directory / "optuna.db").exists()
    (directory / "optuna.db").write_text("not a database, however long it goes on" * 100)
    code, out, _ = run(directory)
    assert code == 0
    assert f"importances left out: cannot read {directory / 'optuna.db'}: " in out
    (directory / "optuna.db").unlink()
    write_optuna(directory / "optuna.db", "s", [("COMPLETE", "ce", 8, 1.0, 1.0)] * 5, GOALS)
    assert "no objective or parameter that differs" in run(directory)[1]


def test_faults_are_one_line(run: Any, tmp_path: Path) -> None:
    good = write_pareto_study(tmp_path / "good", with_optuna=False)

    def broken(name: str, file: str, text: str) -> Path:
        directory = write_pareto_study(tmp_path / name, with_optuna=False)
        (directory / file).write_text(text)
        return directory

    for arguments, message in [
        ((tmp_path / "nowhere",), "holds no study: cannot read study.json"),
        ((broken("cut", "study.json", '{"spec": {"obj'),), "holds no study: cannot read study.json"),
        ((broken("list", "study.json", "[1]"),), "holds no study: cannot read study.json"),
        ((broken("bare", "study.json", "{}"),), "it has no 'spec'"),
        ((broken("none", "study.json", '{"spec": {"objectives": {}}}'),), "objectives are not names with max or min"),
            ((broken("up", "study.json", '{"spec": {"objectives": {"mrr": "up"}}}'),), "should be 'max' or 'min'"),
        ((broken("empty", "trials.csv", ""),), "trials.csv: No columns to parse"),
        ((broken("hollow", "pareto.csv", "a,b\n1,2\n"),), "pareto.csv: no column trial_id, state, recall_at_1"),
        ((broken("words", "pareto.csv", "trial_id,state,recall_at_1,modality_gap\na,COMPLETE,b,c\n"),), "pareto.csv"),
        ((good, "--pick", "recall_at_1 >= 90"), "has recall_at_1 >= 90: the nearest is 60 (t000)"),
        ((good, "--pick", "recall_at_1 >= 55 and modality_gap < 0.4"), "those with recall_at_1 >= 55: the nearest"),
        ((good, "--pick", "recall >= 50"), "unknown metric 'recall'"),
        ((good, "--pick", "recall_at_1 is good"), "expected a condition such as"),
    ]:  # fmt: skip
        code, out, error = run(*arguments)
        assert (code, out) == (2, ""), message
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert message in error


@pytest.mark.parametrize("command", [[str(ROOT / "study" / "pareto.py")], ["-m", "study.pareto"]])
def test_it_runs_as_a_file_and_as_a_module(tmp_path: Path, command: list[str]) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    done = subprocess.run(
        [sys.executable, *command, str(directory), "--pick", "recall_at_1 >= 50"],
        cwd=tmp_path if command[0] != "-m" else ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("t002: ")


def test_a_rehearsal_says_so(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    about = json.loads((directory / "study.json").read_text())
    (directory / "study.json").write_text(json.dumps({**about, "profile": "rehearsal"}))
    assert run(directory)[1].startswith("REHEARSAL: ")


def test_help_teaches(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert '--pick "recall_at_1 >= 50"' in out
    assert max(map(len, out.splitlines())) <= 120


def test_nothing_is_changed(run: Any, tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", runs=RUNS)
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    run(directory)
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before
    assert len(pd.read_csv(directory / "replicates.csv")) == 5
