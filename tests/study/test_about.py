import json
from pathlib import Path
from typing import Any

import pytest
from pareto_study import write_pareto_study

import study.posthoc
import study.search
from gap.errors import UserError
from study.about import LARGEST, read_study_json
from study.finished import read_finished
from study.open_trial import load_trial, study_dataset, study_spec
from study.resume import read_about


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Expecting value"),
        ("[1]", "it: input should be a valid dictionary"),
        ("null", "it: input should be a valid dictionary"),
        ('{"spec": []}', "spec: input should be a valid dictionary"),
        ('{"spec": {"model": 5}}', "spec.model: input should be a valid string"),
        ('{"spec": {"objectives": {"x": "up"}}}', "spec.objectives.x: input should be 'max' or 'min'"),
        ('{"spec": {"search": [1]}}', "spec.search: input should be a valid dictionary"),
        ('{"data": {"path": ["x"]}}', "data.path: input should be a valid string"),
        ('{"runs": {}}', "runs: input should be a valid list"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": "' + "x" * LARGEST + '"}', f"expected at most {LARGEST} bytes"),
        ("\udcff", "codec can't decode"),
    ],
)
def test_what_is_no_description_of_a_study_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "study.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=message):
        read_study_json(tmp_path)
    for read in (read_finished, study_spec, study_dataset, read_about):
        with pytest.raises(UserError, match=r"study\.json") as caught:
            read(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_setting_that_a_study_does_not_name(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    with pytest.raises(UserError, match="names no model in its spec"):
        load_trial(directory, "baseline")


@pytest.mark.parametrize("trial", ["../../x", "a/b", "", "t\x1b[0m", "x" * 100, ".hidden"])
def test_names_of_trials_are_no_paths(tmp_path: Path, trial: str) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    for table in ("trials.csv", "pareto.csv"):
        whole = (directory / table).read_text()
        (directory / table).write_text(whole.replace("t001", trial, 1))
        with pytest.raises(UserError, match=f"cannot read .*{table}: expected names of trials, such as t007") as caught:
            read_finished(directory)
        assert str(caught.value).isprintable()
        (directory / table).write_text(whole)
    assert len(read_finished(directory).trials) == 8


def refused(command: Any, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> str:
    monkeypatch.setattr("sys.argv", ["command", *arguments])
    assert command.main() == 2
    said = str(capsys.readouterr().err)
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("command", [study.search, study.posthoc])
def test_commands_on_a_study_without_its_parts(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write_pareto_study(tmp_path / "s", with_optuna=False)
    about = json.loads((directory / "study.json").read_text())
    arguments = [str(directory), *(["a bee"] if command is study.search else [])]
    assert "study.json" in refused(command, arguments, monkeypatch, capsys)
    (directory / "study.json").write_text(json.dumps({**about, "data": {"path": "\x00", "data_hash": "x"}}))
    assert "has left the cache" in refused(command, arguments, monkeypatch, capsys)
