"""Figures of what a study measured: hypervolume, curves, importances, effects, parallel coordinates."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from study.effects import REST, with_rest
from study.figures.curves import draw_curve
from study.figures.hypervolume import draw_hypervolume
from study.figures.importances import draw_effects, draw_importances
from study.figures.parallel import MISSING, draw_parallel

NAN = float("nan")
HOSTILE = "<script>alert(1)</script><b>%{x}"


def says_nothing(figure: Any) -> bool:
    return not figure.data and bool(figure.layout.annotations[0].text)


def growth(*volumes: float) -> pd.DataFrame:
    count = len(volumes)
    names = [f"t{number:03d}" for number in range(count)]
    return pd.DataFrame({"trials": range(1, count + 1), "trial_id": names, "hypervolume": list(volumes)})


def test_hypervolume_is_a_step_line_a_study() -> None:
    figure = draw_hypervolume({"es": growth(1.0, 2.0), HOSTILE: growth(3.0), "none": growth(NAN), "empty": growth()})
    one, other = figure.data
    assert (list(one.x), list(one.y), one.line.shape) == ([1, 2], [1.0, 2.0], "hv")
    assert list(one.customdata[1]) == ["es", "t001"]
    assert other.line.dash != one.line.dash
    assert "<" not in other.name
    assert says_nothing(draw_hypervolume({"es": growth()}))
    assert says_nothing(draw_hypervolume({}))


def epochs(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"epoch": range(len(values)), "modality_gap": list(values)})


def test_curves_begin_before_training_and_keep_gaps() -> None:
    figure = draw_curve({"t000": epochs(1.0, NAN, 0.5)[::-1], "t001": epochs(1.0, 0.8)}, "modality_gap")
    one, other = figure.data
    assert list(one.x) == [0, 1, 2]
    assert np.array_equal(np.array(one.y), [1.0, NAN, 0.5], equal_nan=True)
    assert (one.line.dash, one.line.color, one.marker.symbol) != (other.line.dash, other.line.color, "circle")
    assert {one.line.dash, other.line.dash} == {"solid", "dash"}
    assert one.marker.symbol != other.marker.symbol
    assert figure.layout.yaxis.title.text == "modality gap"


def test_curves_without_values_say_so() -> None:
    assert says_nothing(draw_curve({}, "modality_gap"))
    assert says_nothing(draw_curve({"t000": epochs()}, "modality_gap"))
    assert says_nothing(draw_curve({"t000": epochs(NAN)}, "modality_gap"))
    assert says_nothing(draw_curve({"t000": epochs(1.0)}, "loss"))


def test_a_hostile_name_of_a_curve_is_text() -> None:
    (curve,) = draw_curve({HOSTILE: epochs(1.0)}, "modality_gap").data
    assert "<" not in curve.name
    assert "%{x}" not in curve.hovertemplate.split("<extra>")[1]


def test_importances_are_bars_with_patterns() -> None:
    rows = [("recall_at_1", "terms", 0.7), ("recall_at_1", "rank", 0.3), ("modality_gap", "rank", 1.0)]
    table = pd.DataFrame(rows, columns=["objective", "parameter", "importance"])
    figure = draw_importances(table)
    one, other = figure.data
    assert dict(zip(one.y, one.x, strict=True)) == {"terms": 0.7, "rank": 0.3}
    assert other.x[other.y.index("rank")] == 1.0
    assert one.marker.pattern.shape != other.marker.pattern.shape
    assert says_nothing(draw_importances(table.assign(importance=NAN)))
    rest = draw_importances(with_rest(table.assign(importance=table["importance"] / 2)), doubtful=["modality_gap"])
    sure, doubtful = rest.data
    assert (sure.y[0], sure.x[0], sure.y[1:]) == (REST, 0.5, ("rank", "terms"))  # the lowest bar, though the largest
    assert (doubtful.marker.color, "not told from noise" in doubtful.name) == ("rgba(0,0,0,0)", True)
    assert sure.marker.color == one.marker.color
    assert says_nothing(draw_importances(table[:0]))


def test_effects_have_intervals_and_are_hollow_where_they_cross_zero() -> None:
    columns = ["term", "objective", "effect", "standard_error", "low", "high", "n_with", "n_without"]
    rows = [
        ("variance", "recall_at_1", 2.0, 0.5, 1.0, 3.0, 4, 5),
        (HOSTILE, "recall_at_1", 1.0, 1.0, -1.0, 3.0, 4, 5),
        ("variance", "modality_gap", NAN, NAN, NAN, NAN, 1, 8),
    ]
    (points,) = draw_effects(pd.DataFrame(rows, columns=columns)).data
    assert list(points.x) == [2.0, 1.0]
    assert list(points.error_x.array) == [1.0, 2.0]
    assert list(points.error_x.arrayminus) == [1.0, 2.0]
    assert list(points.marker.symbol) == ["circle", "circle-open"]
    assert "<script" not in points.y[1]
    assert says_nothing(draw_effects(pd.DataFrame(rows[2:], columns=columns)))
    assert says_nothing(draw_effects(pd.DataFrame(columns=columns)))


def trials() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "trial_id": ["t000", "t001", "t002", "t003"],
            "state": ["COMPLETE", "COMPLETE", "STOPPED", "FAIL"],
            "terms": ["ce", "ce+variance", HOSTILE, "ce"],
            "beta": [None, 1.5, -2.0, None],
            "unused": None,
            "recall_at_1": [60.0, 50.0, 55.0, None],
        }
    )


def test_parallel_lines_go_through_every_axis() -> None:
    figure = draw_parallel(trials(), ["t001"], ["terms", "beta", "unused", "recall_at_1", "absent"], "a")
    others, front = figure.data
    assert len(figure.layout.xaxis.tickvals) == 3  # an axis without any value is left out
    assert list(front.x) == [0, 1, 2, None]
    assert front.y[1:3] == (1.0, 0.0)
    assert others.y[1] == MISSING
    assert {tuple(data) for data in others.customdata} == {("a", "t000"), ("a", "t002")}
    assert front.line.dash != others.line.dash
    texts = [note.text for note in figure.layout.annotations]
    assert "–" in texts
    assert not any("<script" in text for text in texts)
    assert "<script" not in "".join(others.hovertext)


def test_trials_of_one_category_stand_apart() -> None:
    table = pd.concat([trials()[:1]] * 3, ignore_index=True)
    (others,) = draw_parallel(table, [], ["terms"]).data
    heights = [height for height in others.y if height is not None]
    assert len(set(heights)) == 3
    assert max(map(abs, heights)) < 0.1


@pytest.mark.parametrize("rows", [trials()[:0], trials()[3:]])
def test_parallel_lines_of_no_trial_say_so(rows: pd.DataFrame) -> None:
    assert says_nothing(draw_parallel(rows, [], ["terms", "recall_at_1"]))


def test_a_parameter_that_never_varies_stands_in_the_middle() -> None:
    (line,) = draw_parallel(trials()[:1].assign(rank=8), [], ["rank"]).data
    assert list(line.y) == [0.5, None]
