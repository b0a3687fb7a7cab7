"""The comparison with the thesis, on studies made by hand."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats
from small_data import write_small_data

from gap.data import open_dataset
from gap.data.checking.repeats import repeats, split_in_words
from gap.errors import UserError
from study.agreement import compare_effects, direction
from study.measured import check_same, mean_and_error, read_study
from study.published import ROWS, TABLES, published_table
from study.space_file import load_space
from study.thesis import main

THESIS = Path(__file__).resolve().parents[2] / "search_spaces"


def write_study(
    directory: Path,
    values: pd.DataFrame,
    *,
    dataset: str = "arasaac",
    language: str = "en",
    seed: int = 0,
    profile: str = "study",
    failed: str = "",
    left_out: str = "",
    spec: dict[str, Any] | None = None,
) -> Path:
    """A study whose trials have the given values by row of the thesis; ``failed`` and ``left_out`` name rows."""
    directory.mkdir(parents=True)
    settings = {"dataset": dataset, "language": language, "seed": seed, "model": "ViT-L-14", "epochs": 10}
    about = {
        "profile": profile, "spec": {**settings, "search": {"terms": {}}, "terms": "ce", **(spec or {})},
        "data": {"data_hash": "d", "split_hash": "s"}, "ended": "now",
    }  # fmt: skip
    (directory / "study.json").write_text(json.dumps(about))
    first = {"trial_id": "t000", "state": "RUNNING", "epoch": 0, "seed": seed}
    pd.DataFrame([{**first, **values.loc["initial"]}]).to_csv(directory / "baseline.csv", index=False)
    trials = [
        {
            "trial_id": f"t{number:03d}", "state": "FAIL" if row == failed else "COMPLETE", "terms": ROWS[str(row)],
            **values.loc[row], "error": "loss is nan" if row == failed else None,
        }
        for number, row in enumerate(values.index.drop("initial"))
        if row != left_out
    ]  # fmt: skip
    pd.DataFrame(trials).to_csv(directory / "trials.csv", index=False)
    return directory


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["thesis", *map(str, arguments)])
    code = main()
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize(("dataset", "language"), TABLES)
def test_the_printed_values_agree_with_themselves(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dataset: str,
    language: str,
) -> None:
    table = published_table(dataset, language)
    study = write_study(tmp_path / "s", table.values, dataset=dataset, language=language)
    code, out, _ = run(monkeypatch, capsys, study)
    assert code == 0
    assert f"Table {table.number} of the thesis" in out
    rows, metrics = table.values.shape
    effects = (rows - 1 + rows - 2) * metrics
    assert f"Agree in all: {effects} of {effects}\n" in out
    assert max(map(len, out.splitlines())) <= 100
    assert "REHEARSAL" not in out
    assert "missing" not in out
    assert " no " not in out.partition("\nrow ")[2].split("Effects:")[0]


def test_every_row_of_a_table_is_a_trial_of_its_space() -> None:
    for dataset, language in TABLES:
        space = "thesis_mscoco" if dataset == "mscoco" else f"thesis_{language}"
        if not (path := THESIS / f"{space}.yaml").exists():
            continue
        spec = load_space(path)
        assert (spec.dataset, spec.language) == (dataset, language)
        rows = published_table(dataset, language).values.index
        assert [point["terms"] for point in spec.enqueue] == [ROWS[row] for row in rows if ROWS[row]]


def test_the_direction_of_each_effect_is_marked_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("arasaac", "en").values.copy()
    values.loc["ce", "modality_gap"] = 1.30  # up from 1.00, where the thesis went down to 0.68
    code, out, _ = run(monkeypatch, capsys, write_study(tmp_path / "s", values), "--csv", tmp_path / "out.csv")
    assert code == 0
    # Against ce, only ce+variance (no change) and ce+antipodal_intra+variance (down) can turn, of which the first does.
    assert "Agree against initial: 35 of 36\n" in out
    assert "Agree against ce: 29 of 30\n" in out
    assert "Agree in all: 64 of 66\n" in out
    written = pd.read_csv(tmp_path / "out.csv").set_index(["row", "metric"])
    ce = written.loc[("ce", "modality_gap")]
    assert (ce["published"], ce["measured"], ce["n"], ce["agrees_initial"]) == (0.68, 1.30, 1, False)
    assert ce["change_initial"] == pytest.approx(0.30)
    assert math.isnan(ce["agrees_ce"])
    assert written.loc[("ce+variance", "modality_gap"), "agrees_ce"] == False  # noqa: E712
    assert written.loc[("ce+intra", "modality_gap"), "agrees_ce"] == True  # noqa: E712
    assert len(written) == 7 * 6
    line = next(line for line in out.split("against initial")[1].splitlines() if line.startswith("ce "))
    assert line.split()[1:3] == ["↓↑", "no"]


@pytest.mark.parametrize(
    ("change", "metric", "expected"),
    [
        (0.5, "recall_at_1", "up"),
        (0.49, "recall_at_10", "="),
        (-0.5, "train_recall_at_1", "down"),
        (-0.019, "uniformity", "="),
        (0.70 - 0.68, "modality_gap", "up"),
        (0.0, "misalignment", "="),
        (math.nan, "recall_at_1", ""),
    ],
)
def test_what_counts_as_a_change(change: float, metric: str, expected: str) -> None:
    assert direction(change, metric) == expected


def test_a_small_change_on_both_sides_agrees_whatever_its_sign(tmp_path: Path) -> None:
    table = published_table("arasaac", "en")
    values = table.values.copy()
    values.loc["ce+variance", "modality_gap"] = 0.69  # the thesis: 0.67, and 0.68 with ce
    studies = [read_study(write_study(tmp_path / "s", values), list(values.columns))]
    found = [one for one in compare_effects(table, studies) if (one.row, one.reference) == ("ce+variance", "ce")]
    assert found[0].directions == ("=", "=")
    assert found[0].agrees is True


def test_several_seeds_give_mean_and_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("arasaac", "es").values
    shifts = (-1.0, 0.0, 4.0)
    studies = [
        write_study(tmp_path / f"s{seed}", values + shift, language="es", seed=seed)
        for seed, shift in enumerate(shifts)
    ]
    code, out, _ = run(monkeypatch, capsys, *studies, "--csv", tmp_path / "out.csv")
    assert code == 0
    assert "mean of 3" in out
    assert "± s.e." in out
    assert "seed 0, 1, 2" in out
    written = pd.read_csv(tmp_path / "out.csv")
    # s = √(((-2)² + (-1)² + 3²)/2) = √7, divided by √3
    assert written["standard_error"].tolist() == pytest.approx([math.sqrt(7 / 3)] * len(written))
    assert written["measured"].tolist() == pytest.approx((written["published"] + 1.0).tolist())
    # Each study's rows are shifted alike: the changes within a study have no error.
    changes = written["change_initial_standard_error"].dropna()
    assert len(changes) == 6 * 6
    assert changes.tolist() == pytest.approx([0.0] * 36, abs=1e-12)
    assert "Changes are paired over 3 seeds" in out
    assert {"change_initial_low", "change_initial_high", "change_ce_n"} <= {*written.columns}
    assert written["change_initial_n"].dropna().unique().tolist() == [3]


def test_changes_are_paired_by_seed_and_a_failed_row_drops_its_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = published_table("arasaac", "es").values
    studies = []
    for seed, (shift, gain) in enumerate([(0.0, 1.0), (5.0, 1.4), (-7.0, 0.8), (3.0, 9.0)]):
        values = printed + shift
        values.loc["ce"] = values.loc["initial"] + gain
        failed = "ce" if seed == 3 else ""
        studies.append(write_study(tmp_path / f"s{seed}", values, language="es", seed=seed, failed=failed))
    code, out, _ = run(monkeypatch, capsys, *reversed(studies), "--csv", tmp_path / "out.csv")
    assert code == 0
    ce = pd.read_csv(tmp_path / "out.csv").set_index(["row", "metric"]).loc[("ce", "recall_at_1")]
    oracle = stats.ttest_1samp([1.0, 1.4, 0.8], 0).confidence_interval()
    assert (ce["n"], ce["change_initial_n"]) == (3, 3)
    assert ce["change_initial"] == pytest.approx(3.2 / 3)
    assert (ce["change_initial_low"], ce["change_initial_high"]) == pytest.approx((oracle.low, oracle.high))
    (line,) = [line for line in out.split("against initial")[1].splitlines() if line.startswith("  change")][:1]
    assert line.split()[1:3] == ["+1.07", "+1.07"]


def test_what_cannot_be_held_equal_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("arasaac", "es").values
    directory = write_study(tmp_path / "s", values, language="es")
    out = " ".join(run(monkeypatch, capsys, directory)[1].split())
    head = out.split("row gap")[0]
    for caveat in (
        "Splits: the thesis does not print how it split its data.",
        "is not computed: ",  # this study's data is nowhere
        "Data: the thesis had 12,260 pictograms.",
        "Equal captions: a caption finds any image that has it",
        "Ties: images with equal cosines count against the model.",
        "Directions: recall is the mean of text to image and image to text",
        "Terms: table 5.3 of the thesis follows |Σ c|",
        "have Σ|c| and the mean of the rows' variances",
    ):
        assert caveat in head, caveat
    data = write_small_data(tmp_path / "data")
    about = json.loads((directory / "study.json").read_text())
    about["data"] = {"path": str(data), "data_hash": open_dataset(data).data_hash, "split_hash": "s"}
    (directory / "study.json").write_text(json.dumps(about))
    out = " ".join(run(monkeypatch, capsys, directory)[1].split())
    share = split_in_words(repeats(open_dataset(data)))
    assert f"Here no caption is on both sides of the split; {share}." in out
    assert "12,260 pictograms, here 24." in out


@pytest.mark.parametrize(
    ("values", "mean", "error", "n"),
    [([], math.nan, math.nan, 0), ([2.0], 2.0, math.nan, 1), ([math.nan, 2.0, 4.0, math.inf], 3.0, 1.0, 2)],
)
def test_mean_and_error(values: list[float], mean: float, error: float, n: int) -> None:
    found = mean_and_error(values)
    assert [found.mean, found.error] == pytest.approx([mean, error], nan_ok=True)
    assert found.n == n


def test_failed_and_missing_rows_are_said_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("arasaac", "en").values
    study = write_study(tmp_path / "s", values, failed="ce+intra", left_out="ce+variance", profile="rehearsal")
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(monkeypatch, capsys, study.relative_to(tmp_path))
    assert code == 0
    assert "REHEARSAL" in out
    assert "missing: ce+intra (ce+orthogonal_intra) in s: t001 failed: loss is nan" in out
    assert "missing: ce+variance (ce+variance) in s: not among its trials" in out
    assert "Agree in all: 42 of 42 (24 not measured)" in out


def test_without_ce_nothing_is_said_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path / "s", published_table("arasaac", "en").values, failed="ce")
    _, out, _ = run(monkeypatch, capsys, study)
    assert "Agree against ce: 0 of 0 (30 not measured)" in out


def test_a_metric_that_the_study_lacks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("mscoco", "en").values.drop(columns="train_recall_at_1")
    monkeypatch.chdir(tmp_path)
    write_study(Path("s"), values, dataset="mscoco")
    _, out, _ = run(monkeypatch, capsys, "s")
    assert "missing: train_recall_at_1 in s: no values" in out
    assert "Agree in all: 12 of 12 (3 not measured)" in out


def test_an_unfinished_study_says_so(tmp_path: Path) -> None:
    values = published_table("arasaac", "en").values
    study = write_study(tmp_path / "s", values, left_out="ce+variance")
    about = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps({name: about[name] for name in about if name != "ended"}))
    assert "did not come to its end" in read_study(study, list(values.columns)).missing["ce+variance"]


def test_faults_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = published_table("arasaac", "en").values
    good = write_study(tmp_path / "good", values)
    searched = write_study(tmp_path / "searched", values, spec={"search": {"terms": {}, "alpha": {}}})
    pictograms = write_study(tmp_path / "pictograms", values, dataset="pictograms")
    longer = write_study(tmp_path / "longer", values, seed=1, spec={"epochs": 20})
    rehearsal = write_study(tmp_path / "rehearsal", values, seed=1, profile="rehearsal")
    again = write_study(tmp_path / "again", values)
    early = write_study(tmp_path / "early", values)
    (early / "trials.csv").unlink()
    hollow = write_study(tmp_path / "hollow", values)
    (hollow / "trials.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "study.json").write_text('{"spec": {"dataset": "arasaac", "language": "en"}}')
    for arguments, message in [
        ((tmp_path / "nowhere",), "holds no study"),
        ((tmp_path / "bare",), "study.json has no 'search'"),
        ((early,), "holds no study whose first trial has ended"),
        ((hollow,), "trials.csv has no columns trial_id and state"),
        ((searched,), "searches for alpha: expected a study of the loss terms alone"),
        ((pictograms,), "no table of the thesis is about pictograms in en; there are tables about mscoco in en"),
        ((good, longer), "differ in epochs (10 and 20)"),
        ((good, rehearsal), "differ in profile (study and rehearsal)"),
        ((good, again), "have the same seed, 0"),
        ((good, "--csv", good / "trials.csv" / "out.csv"), "cannot write it"),
    ]:
        code, _, error = run(monkeypatch, capsys, *arguments)
        assert code == 2, message
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert message in error


def test_other_data_is_another_experiment(tmp_path: Path) -> None:
    values = published_table("arasaac", "en").values
    studies = [write_study(tmp_path / name, values, seed=seed) for seed, name in enumerate("ab")]
    about = json.loads((studies[1] / "study.json").read_text())
    about["data"]["split_hash"] = "t"
    (studies[1] / "study.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match=r"differ in split_hash \(s and t\)"):
        check_same([read_study(study, list(values.columns)) for study in studies])


def test_values_of_two_versions_of_the_metrics_are_not_averaged(tmp_path: Path) -> None:
    values = published_table("arasaac", "en").values
    studies = [write_study(tmp_path / name, values, seed=seed) for seed, name in enumerate("ab")]
    about = json.loads((studies[1] / "study.json").read_text())
    about["versions"] = {**about.get("versions", {}), "metrics": "9"}
    (studies[1] / "study.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match=r"differ in the version of the metrics \(\d and 9\)"):
        check_same([read_study(study, list(values.columns)) for study in studies])
