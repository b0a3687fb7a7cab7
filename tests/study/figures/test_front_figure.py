from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pareto_study import GOALS, TRIALS, write_pareto_study
from posthoc_points import write_posthoc

from study.choice import knee
from study.figures import front as front_figure
from study.figures.front import draw_front
from study.figures.groups import FAILED, SEARCH, STOPPED, THESIS, groups
from study.finished import Finished, read_finished

ENQUEUED = {"enqueue": [{"terms": "ce"}, {"terms": "ce+variance", "rank": 4}]}


def study_of(path: Path, *arguments: Any, **options: Any) -> Finished:
    return read_finished(write_pareto_study(path, *arguments, **options))


def named(figure: Any, name: str) -> Any:
    (found,) = [trace for trace in figure.data if trace.name == name]
    return found


def trials_in(traces: Iterable[Any]) -> set[str]:
    return {trial for trace in traces if trace.customdata is not None for _, trial in trace.customdata}


def test_points_stand_where_the_table_says(tmp_path: Path) -> None:
    study = study_of(tmp_path / "a", spec=ENQUEUED)
    figure = draw_front([study])
    rows = study.trials.set_index("trial_id")
    seen = set()
    for kind in (THESIS, SEARCH, STOPPED):
        trace = named(figure, kind)
        for x, y, (name, trial) in zip(trace.x, trace.y, trace.customdata, strict=True):
            assert (x, y, name) == (rows["modality_gap"][trial], rows["recall_at_1"][trial], "a")
            seen.add(trial)
    assert seen == {f"t{number:03d}" for number in range(7)}
    before = named(figure, "before training")
    assert (list(before.x), list(before.y)) == ([1.0], [30.0])
    assert named(figure, "1 failed, not drawn").x == (None,)


def test_kinds_differ_in_shape_and_in_colour() -> None:
    marks = front_figure.MARKS.values()
    assert len({mark.symbol for mark in marks}) == len({mark.colour for mark in marks}) == len(marks)
    assert "open" in front_figure.MARKS[STOPPED].symbol


def test_the_front_is_a_step_line_through_its_trials(tmp_path: Path) -> None:
    study = study_of(tmp_path / "a")
    figure = draw_front([study])
    line = named(figure, "Pareto front")
    assert line.line.shape == "hv"
    assert list(line.x) == sorted(study.front["modality_gap"])
    assert list(line.y) == sorted(study.front["recall_at_1"])
    ring = named(figure, "knee")
    best = study.front.set_index("trial_id").loc[knee(study.front, study.objectives)]
    assert (list(ring.x), list(ring.y)) == ([best["modality_gap"]], [best["recall_at_1"]])


def test_a_trial_is_the_thesiss_where_it_stands_at_a_given_point() -> None:
    spec = {
        "search": {"terms": {}, "rank": {"default": 8}, "beta": {"default": 1.0}},
        "enqueue": [{"terms": "ce+variance"}, {"terms": "ce+centroid"}],
    }
    trials = pd.DataFrame(
        {
            "state": ["COMPLETE"] * 5 + ["STOPPED", "FAIL"],
            "terms": ["variance+ce", "ce+variance", "ce+variance", "ce+variance", "ce+centroid", "ce+variance", "ce"],
            "rank": [8, 8, 4, 8, 8, 8, 8],
            "beta": [1.0, 1.0, 1.0, -3.0, None, 1.0, None],
        }
    )
    assert groups(trials, spec) == [SEARCH, THESIS, SEARCH, SEARCH, SEARCH, STOPPED, FAILED]
    assert groups(trials, {}) == [SEARCH] * 5 + [STOPPED, FAILED]


def test_reruns_have_error_bars_and_are_tied_to_the_chosen_run(tmp_path: Path) -> None:
    runs = {"t000": [(58.0, 0.8), (60.0, 1.0)], "t001": [(56.0, 0.5)]}
    figure = draw_front([study_of(tmp_path / "a", runs=runs)])
    means = named(figure, "re-runs: mean ± standard error")
    assert list(means.y) == [59.0, 56.0]
    assert list(means.x) == pytest.approx([0.9, 0.5])
    assert list(means.error_y.array) == [pytest.approx(1.0), None]  # one run has no standard error, not one of 0
    assert list(means.error_x.array) == [pytest.approx(0.1), None]
    ties = named(figure, "re-runs")
    assert ties.y == (60.0, 59.0, None, 57.0, 56.0, None)


def test_maps_of_the_untuned_model_and_of_a_trial_are_series_of_their_own(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "a")
    write_posthoc(directory)
    figure = draw_front([read_finished(directory)])
    untuned, trained = (named(figure, name) for name in ("post-hoc, untuned model", "post-hoc, trial t001"))
    assert (list(untuned.x), list(untuned.y)) == ([0.6, 0.4], [29.0, 20.0])
    assert (list(trained.x), list(trained.y)) == ([0.2], [59.0])
    assert list(named(figure, "post-hoc, trial t003").x) == [0.05]
    assert untuned.marker.symbol != trained.marker.symbol
    assert untuned.marker.color != trained.marker.color
    assert untuned.hovertext[0].startswith("<b>post-hoc, untuned model</b>")
    assert trained.hovertext[0].startswith("<b>post-hoc, trial t001</b>")
    assert "complete trials that it beats in R@1 and gap: 5" in trained.hovertext[0]
    assert "&lt;b&gt;shift&lt;/b&gt;" in trained.hovertext[0]
    assert [trial for _, trial in trained.customdata] == ["t001"]
    # Nothing in the figure says of a trial's map that it needs no training.
    assert "without training" not in figure.to_json()
    assert all(
        "untuned" not in text for trace in figure.data if "trial t" in str(trace.name) for text in trace.hovertext
    )


def test_of_two_studies_the_legend_explains_both_kinds_of_maps(tmp_path: Path) -> None:
    studies = []
    for name in ("es", "en"):
        write_posthoc(write_pareto_study(tmp_path / name))
        studies.append(read_finished(tmp_path / name))
    shown = [trace.name for trace in draw_front(studies).data if trace.showlegend is not False]
    assert shown.count("post-hoc, untuned model") == shown.count("post-hoc, a trial") == 1
    assert not [name for name in shown if "t001" in name]


def test_two_studies_differ_in_colour_in_dash_and_in_marks(tmp_path: Path) -> None:
    studies = [study_of(tmp_path / name) for name in ("es", "en")]
    figure = draw_front(studies)
    one, other = [trace for trace in figure.data if trace.name == "Pareto front"]
    assert one.line.dash != other.line.dash
    assert one.line.color != other.line.color
    marks = [trace for trace in figure.data if trace.name == SEARCH and trace.customdata is not None]
    assert [mark.marker.symbol for mark in marks] == ["circle", "circle-dot"]
    shown = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert shown.count("es") == shown.count("en") == shown.count(SEARCH) == 1
    assert {name for trace in marks for name, _ in trace.customdata} == {"es", "en"}


def test_one_objective_stands_over_the_trials(tmp_path: Path) -> None:
    rows = [("COMPLETE", "ce", 8, 60.0), ("COMPLETE", "ce", 4, 50.0)]
    figure = draw_front([study_of(tmp_path / "a", rows, objectives={"recall_at_1": "max"})])
    assert figure.layout.xaxis.categoryarray == ("baseline", "t000", "t001")
    assert list(named(figure, SEARCH).x) == ["t000", "t001"]
    assert list(named(figure, "before training").x) == ["baseline"]
    assert "Pareto front" not in {trace.name for trace in figure.data}


def test_of_three_objectives_the_first_two_are_drawn_and_it_is_said(tmp_path: Path) -> None:
    rows = [("COMPLETE", "ce", 8, 60.0, 0.5, 1.0), ("COMPLETE", "ce", 4, 50.0, 0.6, 0.5)]
    goals = {**GOALS, "misalignment": "min"}
    figure = draw_front([study_of(tmp_path / "a", rows, objectives=goals)])
    assert "2 of 3 objectives" in figure.layout.xaxis.title.text
    assert "misalignment: 1" in named(figure, SEARCH).hovertext[0]
    assert "Pareto front" not in {trace.name for trace in figure.data}


@pytest.mark.parametrize("rows", [[], [("FAIL", "ce", 8, None, None)]])
def test_a_study_without_values_draws_the_model_before_training_alone(tmp_path: Path, rows: list[Any]) -> None:
    figure = draw_front([study_of(tmp_path / "a", rows, with_optuna=False)])
    assert trials_in(figure.data) == {"baseline"}


def test_nothing_yet_is_said_in_words(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "a", [], with_optuna=False)
    (directory / "baseline.csv").unlink()
    assert draw_front([read_finished(directory)]).layout.annotations[0].text == "no trial has ended yet"
    assert draw_front([]).layout.annotations[0].text == "no study is open"


def test_one_trial_is_front_and_knee(tmp_path: Path) -> None:
    figure = draw_front([study_of(tmp_path / "a", TRIALS[:1])])
    assert len(named(figure, "knee").x) == len(named(figure, "Pareto front").x) == 1


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    rows = [*TRIALS[:2], ("COMPLETE", "ce", 8, float("nan"), 0.1)]
    figure = draw_front([study_of(tmp_path / "a", rows, with_optuna=False)])
    assert named(figure, "1 without a finite value, not drawn")


def test_names_and_terms_are_shown_letter_by_letter(tmp_path: Path) -> None:
    rows = [("COMPLETE", "<script>alert(1)</script>", 8, 60.0, 0.9)]
    studies = [study_of(tmp_path / name, rows, with_optuna=False) for name in ("<b>x", "y")]
    text = draw_front(studies).to_json()
    assert "&lt;script" in text
    assert "<script" not in text.replace("\\u003c", "<")
    assert not [trace.name for trace in draw_front(studies).data if trace.name.startswith("<b>")]


def test_zoom_outlives_an_update(tmp_path: Path) -> None:
    study = study_of(tmp_path / "a")
    assert draw_front([study]).layout.uirevision == draw_front([study, study]).layout.uirevision is not None
