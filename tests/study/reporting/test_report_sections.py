"""Every section on studies that lack something."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pareto_study import GOALS, TRIALS, write_pareto_study
from posthoc_points import write_posthoc
from reported_study import write_reported_study

from gap.errors import UserError
from study.embeddings import embeddings_path
from study.finished import read_finished
from study.front import Direction
from study.reporting.collect import collect
from study.reporting.examples import examples
from study.reporting.papers.front import draw_front
from study.reporting.section import Chart, Prose, Section, Sheet
from study.reporting.sections import SECTIONS, all_sections
from study.reporting.summary import summary
from study.reporting.thesis import thesis
from study.reporting.trials import trials

RUNS = {"t000": [(56, 0.90), (58, 0.92)], "t001": [(56, 0.8), (58, 0.95)], "t002": [(50, 0.3)]}


def words(section: Section) -> str:
    told = [text for piece in section.pieces if isinstance(piece, Prose) for text in piece.paragraphs]
    return " ".join([*section.prose, *told])


def sections(directory: Path, **options: Any) -> dict[str, Section]:
    return dict(all_sections(collect(directory, **options)))


def change_about(directory: Path, **spec: Any) -> None:
    about = json.loads((directory / "study.json").read_text())
    about["spec"] |= spec
    (directory / "study.json").write_text(json.dumps(about))


def test_the_summary_is_computed(tmp_path: Path) -> None:
    told = words(summary(collect(write_reported_study(tmp_path))))
    assert "8 trials ended (6 complete, 1 stopped early, 1 failed). 4 are on the Pareto front" in told
    assert "Before training, R@1 was 30.0 % and the modality gap was 1.000." in told
    assert "with cross-entropy alone (t000, the first of 2 such trials) is what loss terms are judged by: R@1" in told
    assert "judged by: R@1 rose from 30.0 % to 60.0 %" in told
    assert "stands t002 (terms ce+centroid, rank 16). From before training to there, R@1 rose from 30.0 % to" in told
    assert "the modality gap fell from 1.000 to 0.300 (70 % of it closed)" in told
    assert "t000 has the highest R@1 (60.0 %) and t003 has the lowest modality gap (0.250)" in told
    assert "From t000 to t003, the modality gap fell from 0.900 to 0.250 (72 % of it closed) and R@1 fell" in told
    assert "a single run carries no uncertainty" in told
    assert "±" not in told


def test_re_runs_give_the_uncertainty(tmp_path: Path) -> None:
    told = words(summary(collect(write_reported_study(tmp_path, runs=RUNS))))
    assert "single run" not in told
    assert "t000: R@1 57.0 % ± 1, modality gap 0.910 ± 0.01, probability" in told
    assert "R@1 50.0 % (one run)" in told
    assert "Neighbours that they do not tell apart: t000 and t001 (paired over 2 seeds)." in told
    assert "Compared: 1 of 3 pairs of neighbours. Paired t-test over the seeds in common" in told
    assert "Not run again: t003." in told


def test_maps_of_the_untuned_model_and_of_trials_are_told_apart(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    write_posthoc(directory)
    told = words(summary(collect(directory)))
    assert (
        "Post-hoc maps of the untuned model, which need no training, give a front of 2 points in R@1 and modality gap: "
        "of 6 complete trials they beat none; of the 2 points a trial beats 2."
    ) in told
    assert (
        "Post-hoc maps of what trials had trained (t001 and t003) give a front of 2 points in R@1 and modality gap: of "
        "6 complete trials they beat 5; of the 2 points a trial beats none. Those are trained models"
    ) in told
    chart, sheet = sections(directory)["front"].pieces
    assert isinstance(chart, Chart)
    assert "Tall hollow diamonds are maps of the untuned model's embeddings, which need no training." in chart.caption
    assert "Hollow pentagons are maps of a trial's embeddings, on top of its training." in chart.caption
    assert isinstance(sheet, Sheet)
    assert [row[0] for row in sheet.rows] == [
        "post-hoc, untuned model", "post-hoc, untuned model", "post-hoc, trial t001", "post-hoc, trial t003",
    ]  # fmt: skip
    assert "Each mark is a trial" not in chart.caption


def test_maps_of_one_kind_alone_and_of_an_earlier_version(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    write_posthoc(directory, earlier=True)
    told = words(summary(collect(directory)))
    assert "one front in this pareto_posthoc.csv, of an earlier version: python -m study.posthoc writes it anew" in told
    assert "no training, give" not in told
    write_posthoc(directory)
    points = pd.read_csv(directory / "pareto_posthoc.csv")
    points[points["trial_id"] == "t001"].to_csv(directory / "pareto_posthoc.csv", index=False)
    told = words(summary(collect(directory)))
    assert "(t001) give a front of 1 point" in told
    assert "untuned" not in told
    (chart, _) = sections(directory)["front"].pieces
    assert isinstance(chart, Chart)
    assert "diamonds" not in chart.caption
    (directory / "pareto_posthoc.csv").unlink()
    assert len(sections(directory)["front"].pieces) == 1


def test_the_legend_of_a_papers_front_names_both(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    write_posthoc(directory)
    figure = draw_front(read_finished(directory))
    assert figure is not None
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert {"post-hoc, untuned model", "post-hoc, trials t001 and t003"} <= {*names}
    assert not [name for name in names if "without training" in name]


def test_a_front_among_complete_trials_that_keep_a_constraint(tmp_path: Path) -> None:
    """A stopped trial, and one that breaks a constraint, may be better than a trial of the front."""
    told = words(summary(collect(write_reported_study(tmp_path))))
    assert "no other complete trial is at least as good in every objective" in told
    change_about(tmp_path / "study-rehearsal", constraints=["recall_at_10 >= 70"])
    told = words(summary(collect(tmp_path / "study-rehearsal")))
    assert "no other complete trial with recall_at_10 >= 70 is at least as good" in told


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    made = sections(write_pareto_study(tmp_path / "s", with_optuna=False))
    assert list(made) == list(SECTIONS)
    for name in ("histograms", "map", "dimensions", "retrieval"):
        assert words(made[name]).startswith("There is nothing to"), name
        assert "cannot read study.json" in words(made[name])
        assert not made[name].pieces
    assert "Importances are left out" in words(made["importances"])
    assert "no table of the thesis" in words(made["thesis"])
    assert "There is no epochs.csv" in words(made["curves"])
    assert "There is no hypervolume.csv" in words(made["hypervolume"])


def test_data_that_left_the_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = write_reported_study(tmp_path)
    embeddings_path(directory, "t001").unlink()
    shutil.rmtree(tmp_path / "data")
    made = sections(directory)
    assert "has left the cache" in words(made["retrieval"])
    histograms = made["histograms"]
    assert "Without t001:" in words(histograms)  # the others' embeddings are there
    (chart,) = histograms.pieces
    assert isinstance(chart, Chart)
    assert list(chart.views) == ["t002", "t000", "t003"]
    assert capsys.readouterr().err == ""


def test_a_study_before_its_first_trial(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s")
    for table in ("trials", "pareto", "baseline"):
        (directory / f"{table}.csv").unlink()
    made = sections(directory)
    assert words(made["summary"]) == "No trial has ended yet, so nothing is known so far."
    assert not made["front"].pieces


def test_a_study_without_a_front(tmp_path: Path) -> None:
    made = sections(write_pareto_study(tmp_path / "s", TRIALS[-2:]))
    assert "None is on the Pareto front: no trial is complete." in words(made["summary"])
    assert "No trial is on the front, so none is shown in detail." in words(made["map"])
    assert made["trials"].pieces


@pytest.mark.parametrize("names", [["recall_at_1"], ["recall_at_1", "modality_gap", "seconds"]])
def test_one_objective_or_three(tmp_path: Path, names: list[str]) -> None:
    goals: dict[str, Direction] = {name: GOALS.get(name, "min") for name in names}
    rows = [(*row[:4], *row[4:][: len(names) - 1], *[9.0 - k] * (len(names) - 2)) for k, row in enumerate(TRIALS)]
    directory = write_reported_study(tmp_path, rows, objectives=goals)
    made = sections(directory)
    assert len(made["front"].pieces) == 1
    assert "Before training, R@1 was 30.0 %" in words(made["summary"])


def test_names_and_values_of_any_kind(tmp_path: Path) -> None:
    directory = write_pareto_study(tmp_path / "s")
    table = pd.read_csv(directory / "trials.csv")
    table["error"] = table["error"].where(table["state"] != "FAIL", "<img src=x> $\\alpha$ [bold]")
    table["terms"] = table["terms"].astype(object).where(table.index != 3, "<b>%{x}</b>")
    table["modality_gap"] = table["modality_gap"].where(table.index != 5, np.inf)
    table.to_csv(directory / "trials.csv", index=False)
    made = sections(directory)
    (sheet,) = made["trials"].pieces
    assert isinstance(sheet, Sheet)
    assert "<b>%{x}</b>" in {row[sheet.columns.index("terms")] for row in sheet.rows}


def test_trials_are_sorted_complete_ones_first(tmp_path: Path) -> None:
    (sheet,) = trials(collect(write_reported_study(tmp_path))).pieces
    assert isinstance(sheet, Sheet)
    assert [row[0] for row in sheet.rows] == ["t000", "t004", "t001", "t002", "t005", "t003", "t006", "t007"]
    assert [row[2] for row in sheet.rows][:4] == ["on it", None, "on it", "knee"]


def test_chosen_trials(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    (chart,) = sections(directory, trials=["t003", "t000"])["histograms"].pieces
    assert isinstance(chart, Chart)
    assert list(chart.views) == ["t003", "t000"]
    with pytest.raises(UserError, match=r"--trials: .* has no trial t099: expected some of t000, t001"):
        collect(directory, ["t000", "t099"])


def test_a_long_front_says_what_is_not_shown(tmp_path: Path) -> None:
    rows = [("COMPLETE", "ce", 8, 60.0 - k, 0.9 - k / 20) for k in range(9)]
    directory = write_reported_study(tmp_path, rows)
    study = collect(directory)
    assert list(study.shown) == ["t000", "t002", "t003", "t005", "t006", "t008"]  # a straight front's knee is its first
    assert len(study.cosines) == 6  # none were kept, and embeddings are read of those that are shown
    assert "Not shown: 3 other trials of the front; --trials of study/report.py" in words(sections(directory)["map"])


def test_searches_that_moved(tmp_path: Path) -> None:
    study = collect(write_reported_study(tmp_path))
    (gallery,) = examples(study).pieces
    for found in gallery.trials:  # type: ignore[attr-defined]
        assert sum(found.counts) == 7  # two of eight captions are equal
        assert all(search.ranks[1] < search.ranks[0] for search in found.better)
        assert all(search.ranks[1] > search.ranks[0] for search in found.worse)
        gains = [1 / after - 1 / before for before, after in (search.ranks for search in found.better)]
        assert gains == sorted(gains, reverse=True)
        for search in (*found.better, *found.worse):
            for rank, strip in zip(search.ranks, search.strips, strict=True):
                hits = [place for place, image in enumerate(strip, start=1) if image.right]
                assert hits[:1] == ([rank] if rank <= 5 else [])


def test_an_unchanged_model_moves_no_search(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    shutil.copy(embeddings_path(directory, "baseline"), embeddings_path(directory, "t002"))
    (gallery,) = examples(collect(directory, ["t002"])).pieces
    (found,) = gallery.trials  # type: ignore[attr-defined]
    assert found.counts == (0, 0, 7)
    assert not found.better
    assert not found.worse


def test_kept_counts_of_cosines_come_before_embeddings(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    (directory / "cosines").mkdir()
    trials = pd.read_csv(directory / "trials.csv")
    trials.assign(epoch=2).to_csv(directory / "trials.csv", index=False)
    rows = [(0, "paired", 0.005, 5), (2, "paired", 0.805, 5), (3, "paired", 0.905, 5)]  # the second epoch counts
    pd.DataFrame(rows, columns=["epoch", "kind", "cosine", "count"]).to_csv(
        directory / "cosines" / "t002.csv", index=False
    )
    (chart,) = sections(directory, trials=["t002"])["histograms"].pieces
    assert isinstance(chart, Chart)
    means = [row[3] for row in chart.views["t002"].sheet.rows]
    assert means == pytest.approx([0.005, 0.805])


def test_beside_the_thesis(tmp_path: Path) -> None:
    directory = write_reported_study(tmp_path)
    change_about(
        directory, dataset="arasaac", language="es", enqueue=[{"terms": "ce", "rank": 8}, {"terms": "ce+variance"}]
    )
    section = thesis(collect(directory))
    (sheet,) = section.pieces
    assert isinstance(sheet, Sheet)
    by_row = {(row[0], row[1]): dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows}
    assert by_row["ce", "thesis"]["modality gap"] == pytest.approx(0.52)
    assert by_row["ce", "here"]["modality gap"] == pytest.approx(0.9)  # t000; t004 has the search's rank
    assert by_row["before training", "here"]["R@1 in pools of 90 (%)"] == pytest.approx(30.0)
    assert by_row["ce", "here"]["uniformity"] is None
    assert "Directions of change that agree:" in words(section)
    assert "is missing" in words(section)
    for caveat in ("Splits: ", "Equal captions: ", "Ties: ", "Directions: ", "Terms: table 5.3 of the thesis follows"):
        assert any(line.startswith(caveat) for line in section.prose), caveat
    # Of the squares' 24 images two have one caption, both in the test part.
    (split,) = [line for line in section.prose if line.startswith("Splits: ")]
    assert "% of the test images" in split
    assert "would have their very caption in training" in split
