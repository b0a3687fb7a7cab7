"""The study page: what it shows of a study, of two, of one that runs, and of one that cannot be read."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dash import no_update
from dash.exceptions import PreventUpdate
from pareto_study import TRIALS, write_pareto_study
from plotly.graph_objects import Figure

from gap.errors import UserError
from study.cosines import add_cosines
from study.explore.app import make_app
from study.explore.study_page import first_choices, look_again, readable
from study.explore.trials.choice import chosen, clicked, first_choice, options
from study.explore.trials.cosines import histograms
from study.explore.trials.metrics import curves, metric_options, usual_metrics
from study.explore.trials.overview import front_figure, front_table, status
from study.explore.trials.page import layout
from study.explore.trials.parameters import parameters_table
from study.explore.trials.snapshot import snapshots, stamps
from study.explore.trials.view import keep_view

HOSTILE = "<script>alert(1)</script>"
IDS = (
    "study-front", "study-trial-a", "study-trial-b", "study-click", "study-parameters", "study-metrics", "study-curves",
    "study-histograms", "study-gallery", "study-map", "study-other-captions", "study-growth", "study-clock",
    "study-status",
)  # fmt: skip


def text_of(component: Any) -> str:
    return json.dumps(component, cls=_Encoder, ensure_ascii=False)


class _Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return o.to_plotly_json()


def write_epochs(directory: Path, trials: tuple[str, ...] = ("t000", "t001"), running: str = "") -> None:
    rows = [
        {"trial_id": trial, "state": state, "epoch": epoch, "seed": 0, "recall_at_1": 30.0 + 10 * epoch,
         "modality_gap": 1.0 - epoch / 10, "rank": 8, "terms": "ce", "loss": None if epoch == 0 else 2.0 / epoch}
        for trial, state in [*((trial, "COMPLETE") for trial in trials), *([(running, "RUNNING")] if running else [])]
        for epoch in range(3)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(directory / "epochs.csv", index=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    directory = write_pareto_study(tmp_path / "es", with_optuna=False)
    write_epochs(directory)
    return directory


def test_the_page_has_every_part(study: Path) -> None:
    page = text_of(layout([study]))
    for name in IDS:
        assert f'"id": "{name}"' in page
    assert "6 complete, 1 stopped early, 1 failed; not ended" in page


def test_a_study_without_tables_has_a_page(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "es", [], with_optuna=False)
    for name in ("trials.csv", "pareto.csv", "baseline.csv"):
        (directory / name).unlink()
    page = text_of(layout([directory]))
    assert "no trial has begun" in page
    assert first_choice(snapshots([directory])) is None


def test_a_study_that_cannot_be_read_is_an_error_on_the_page(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "es", with_optuna=False)
    (directory / "trials.csv").write_text("nothing of the kind\n1\n")
    assert "cannot read" in text_of(layout([directory]))
    with pytest.raises(PreventUpdate):
        readable([directory])


def test_lists_offer_all_trials_running_ones_too(study: Path) -> None:
    write_epochs(study, running="t008")
    labels = {option["value"]: option["label"] for option in options(snapshots([study]))}
    assert list(labels) == [f"0:t00{number}" for number in range(9)]
    assert labels["0:t000"] == "t000 · ce · 60 / 0.9 · front"
    assert labels["0:t006"].endswith("stopped early")
    assert labels["0:t008"] == "t008 · ce · 50 / 0.8 · running"
    assert "t008 runs" in text_of(status(snapshots([study])))


def test_the_page_opens_with_the_knee(study: Path) -> None:
    shots = snapshots([study])
    value = first_choice(shots)
    assert value in {option["value"] for option in options(shots)}
    assert [one.trial for one in chosen(shots, value)] == [value.partition(":")[2]] if value else False


@pytest.mark.parametrize("value", [None, "", "0:t999", "7:t000", "t000", "-1:t000", "0:"])
def test_a_choice_that_names_no_trial_is_none(study: Path, value: str | None) -> None:
    assert chosen(snapshots([study]), value, value) == []


def test_a_click_chooses_the_trial_of_its_study(tmp_path: Path) -> None:
    studies = [write_pareto_study(tmp_path / name, with_optuna=False) for name in ("es", "en")]
    shots = snapshots(studies)
    assert clicked(shots, {"points": [{"customdata": ["en", "t002"]}]}) == "1:t002"
    for click in (None, {}, {"points": []}, {"points": [{}]}, {"points": [{"customdata": ["en", "baseline"]}]}):
        assert clicked(shots, click) is None


def test_studies_of_one_name_are_told_apart(tmp_path: Path) -> None:
    studies = [write_pareto_study(tmp_path / folder / "es", with_optuna=False) for folder in ("old", "new")]
    shots = snapshots(studies)
    assert [shot.name for shot in shots] == ["old/es", "new/es"]
    figure = front_figure(shots, [])
    names = {name for trace in figure.data if trace.customdata is not None for name, _ in trace.customdata}
    assert names == {"old/es", "new/es"}
    assert clicked(shots, {"points": [{"customdata": ["new/es", "t000"]}]}) == "1:t000"


def test_chosen_trials_are_marked_with_their_letters(study: Path) -> None:
    shots = snapshots([study])
    figure = front_figure(shots, chosen(shots, "0:t001", "0:t002"))
    marks = {trace.text[0]: (trace.x[0], trace.y[0]) for trace in figure.data if trace.text}
    assert marks == {"A": (0.5, 57.0), "B": (0.3, 51.0)}
    failed = front_figure(shots, chosen(shots, "0:t007"))
    assert not [trace for trace in failed.data if trace.text]


def test_parameters_stand_side_by_side(study: Path) -> None:
    shots = snapshots([study])
    page = text_of(parameters_table(chosen(shots, "0:t001", "0:t007")))
    for words in ("A · es · t001", "B · es · t007", "before training", "ce+variance", "loss is nan", "on the front"):
        assert words in page
    assert "Choose a trial" in text_of(parameters_table([]))


def test_the_model_before_training_stands_once_for_each_study(tmp_path: Path) -> None:
    studies = [write_pareto_study(tmp_path / name, with_optuna=False) for name in ("es", "en")]
    shots = snapshots(studies)
    assert text_of(parameters_table(chosen(shots, "0:t000", "0:t001"))).count("before training") == 1
    assert text_of(parameters_table(chosen(shots, "0:t000", "1:t001"))).count("before training") == 2


def test_terms_are_text_and_nothing_else(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "es", [("COMPLETE", HOSTILE, 8, 60.0, 0.9)], with_optuna=False)
    shots = snapshots([directory])
    hover = "".join(str(trace.hovertext) for trace in front_figure(shots, []).data)
    assert "&lt;script" in hover
    assert "<script" not in hover
    # Dash writes what are children as text.
    assert HOSTILE in text_of(parameters_table(chosen(shots, "0:t000")))


def test_curves_of_two_trials_share_a_figure(study: Path) -> None:
    shots = snapshots([study])
    assert {"recall_at_1", "modality_gap", "loss"} == {option["value"] for option in metric_options(shots)}
    assert usual_metrics(shots) == ["recall_at_1", "modality_gap", "loss"]
    graphs: list[Any] = curves(chosen(shots, "0:t000", "0:t001"), ["modality_gap", "loss"])
    assert [graph.id["metric"] for graph in graphs] == ["modality_gap", "loss"]
    assert [trace.name for trace in graphs[0].figure.data] == ["A · es · t000", "B · es · t001"]
    assert "Choose a trial" in text_of(curves([], ["loss"]))


def test_histograms_are_those_before_and_of_the_epoch_that_counts(study: Path) -> None:
    trials = pd.read_csv(study / "trials.csv").assign(epoch=1)
    trials.to_csv(study / "trials.csv", index=False)
    for epoch in range(3):
        counts = [0] * 200
        counts[100 + epoch] = 9
        add_cosines(study, "t000", epoch, {"paired": counts})
    shots = snapshots([study])
    (panel,) = histograms(chosen(shots, "0:t000"))
    before, after = panel.children[1].figure.data
    assert [trace.x[max(range(50), key=trace.y.__getitem__)] for trace in (before, after)] == [0.02, 0.02]
    (other,) = histograms(chosen(shots, "0:t001"))
    assert "No cosines were kept" in text_of(other)


def test_a_damaged_table_of_cosines_is_said(study: Path) -> None:
    (study / "cosines").mkdir()
    (study / "cosines" / "t000.csv").write_text("epoch\n1\n")
    assert "cannot read" in text_of(histograms(chosen(snapshots([study]), "0:t000")))


def test_a_study_that_runs_is_looked_at_again(study: Path) -> None:
    seen = stamps([study])
    assert look_again([study], seen) == (no_update, no_update)
    write_epochs(study, running="t008")
    now, words = look_again([study], seen)
    assert now != seen
    assert "t008 runs" in text_of(words)
    assert list(snapshots([study])[0].rows)[-1] == "t008"


def test_what_cannot_be_read_just_now_leaves_the_page_as_it_is(study: Path) -> None:
    seen = stamps([study])
    (study / "pareto.csv").write_text("half")
    now, words = look_again([study], seen)
    assert now is no_update
    assert "the page shows what was there before" in text_of(words)
    with pytest.raises(UserError, match=r"cannot read"):
        snapshots([study])


def test_a_page_opened_before_the_first_trial_chooses_one_when_there_is(study: Path) -> None:
    shots = snapshots([study])
    trial, metrics = first_choices(shots, None, None, [])
    assert (trial, metrics) == (first_choice(shots), usual_metrics(shots))
    assert first_choices(shots, "0:t000", None, ["loss"]) == (no_update, no_update)


def test_zoomed_axes_stay_zoomed_and_others_do_not() -> None:
    zoomed = {"range": [0.1, 0.2], "autorange": False}
    shown = {
        "layout": {"xaxis2": zoomed, "yaxis": {"range": [0, 1], "autorange": True}, "legend": {"autorange": False}}
    }
    layout = keep_view(Figure(), shown).layout
    assert (layout.xaxis2.range, layout.yaxis.range, layout.xaxis.range) == ((0.1, 0.2), None, None)
    assert keep_view(Figure(), None).layout.xaxis.range is None
    assert keep_view(Figure(), {"layout": None}).layout.xaxis.range is None


def test_three_objectives_and_one_have_a_page(tmp_path: Path) -> None:
    three = {"recall_at_1": "max", "modality_gap": "min", "misalignment": "min"}
    rows = [("COMPLETE", "ce", 8, 60.0, 0.5, 1.0)]
    assert "study-front" in text_of(
        layout([write_pareto_study(tmp_path / "3", rows, objectives=three, with_optuna=False)])
    )
    rows = [("COMPLETE", "ce", 8, 60.0)]
    one = write_pareto_study(tmp_path / "1", rows, objectives={"recall_at_1": "max"}, with_optuna=False)
    shots = snapshots([one])
    assert "study-front" in text_of(layout([one]))
    assert front_figure(shots, chosen(shots, "0:t000")).data[-1].x == ("t000",)


def test_the_front_is_a_table_too(study: Path) -> None:
    page = text_of(front_table(snapshots([study])))
    assert page.count('"es · t00') == 4
    assert "Pareto front" in page


def test_the_app_answers_a_click(study: Path) -> None:
    client = make_app([study]).server.test_client()
    assert client.get("/").status_code == 200
    parts = [("study-trial-a", "value"), ("study-trial-b", "value")]
    asked = {
        "output": "..study-trial-a.value...study-trial-b.value..",
        "outputs": [{"id": name, "property": part} for name, part in parts],
        "inputs": [
            {"id": "study-front", "property": "clickData", "value": {"points": [{"customdata": ["es", "t002"]}]}}
        ],
        "state": [{"id": "study-click", "property": "value", "value": "b"}],
        "changedPropIds": ["study-front.clickData"],
    }
    answer = client.post("/_dash-update-component", json=asked)
    assert answer.get_json()["response"] == {"study-trial-b": {"value": "0:t002"}}


def test_every_trial_of_a_long_study_is_offered(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "es", [*TRIALS] * 30, with_optuna=False)
    shots = snapshots([directory])
    assert len(options(shots)) == 240
    assert options(shots)[-1]["value"] == "0:t239"
