"""The last lines of a study, on tables made by hand."""

import io
from pathlib import Path

from pareto_study import write_pareto_study
from rich.console import Console

from study.finished import read_finished
from study.results import write_front
from study.space import StudySpec
from study.summary import show_front

SPEC = StudySpec.model_validate({
    "dataset": "pictograms", "model": "tiny",
    "search": {"terms": {"choices": ["ce", "ce+variance", "ce+centroid"]}, "rank": {"choices": [4, 8, 16]}},
})  # fmt: skip


def last_words(directory: Path) -> str:
    output = io.StringIO()
    console = Console(file=output, width=160)
    assert show_front(directory, SPEC, console, reason="all trials have run", time_is_up=False) == 0
    return output.getvalue()


def test_a_front_of_single_runs(tmp_path: Path) -> None:
    said = last_words(write_pareto_study(tmp_path / "s"))
    assert "Pareto front: 4 of 8 trials" in said
    assert "±" not in said


def test_means_of_re_runs_are_not_mixed_with_single_runs_in_silence(tmp_path: Path) -> None:
    runs = {"t000": [(56, 0.90), (58, 0.92)], "t002": [(50, 0.3)]}
    directory = write_pareto_study(tmp_path / "s", runs=runs)
    study = read_finished(directory)
    write_front(directory, study.front, study.objectives)
    said = last_words(directory)
    rows = {line.split()[0]: line.split()[1:5] for line in said.splitlines() if line.startswith("t0")}
    assert rows["t000"][:4] == ["57", "±", "1", "(2)"]
    assert rows["t002"][:2] == ["50", "(1)"]  # one re-run, not the search's own 51
    assert rows["t003"][:2] == ["40", "0.25"]
    assert "mean ± standard error (number) of re-runs with other seeds; a trial without them: its one run" in said
