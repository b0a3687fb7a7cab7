"""Nothing here needs a terminal: a console writes to a string and is told what it is."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from study.display import Display
from study.screen import screen
from study.space import StudySpec
from study.space_file import load_space
from study.standing import Running, Standing

TERMS = "ce+orthogonal_intra+orthogonal_inter+antipodal_intra+antipodal_inter+variance+cyclip_inter+cyclip_intra"
FRONT = {
    "t000": {"recall_at_1": 60.0, "modality_gap": 0.9},
    "t001": {"recall_at_1": 40.0, "modality_gap": 0.2},
}
STAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "


@pytest.fixture
def spec(tmp_path: Path) -> StudySpec:
    path = tmp_path / "space.yaml"
    path.write_text("dataset: pictograms\nepochs: 2\ntrials: 4\nsearch:\n  rank: {choices: [4, 8]}\n")
    return load_space(path)


def row(trial: str, state: str = "COMPLETE", recall: float = 60.0, gap: float = 0.9, error: str = "") -> dict[str, Any]:
    return {
        "trial_id": trial, "state": state, "epoch": 2, "last_epoch": 2, "seconds": 20.0, "recall_at_1": recall,
        "modality_gap": gap, "error": error, "rank": 8,
    }  # fmt: skip


def epoch(recall: float, seconds: float) -> dict[str, float]:
    return {"recall_at_1": recall, "modality_gap": 0.9, "seconds": seconds}


def log(spec: StudySpec, **options: Any) -> tuple[Display, StringIO]:
    file = StringIO()
    return Display(spec, Console(file=file, width=80, **options), clock=lambda: 0.0), file


def run_two_trials(display: Display) -> None:
    with display:
        display.start("t000", {"rank": 8, "terms": "ce"})
        display.epoch("t000", 0, epoch(30.0, 1.0))
        display.epoch("t000", 1, {**epoch(50.0, 10.0), "loss": 2.5})
        display.epoch("t000", 2, epoch(60.0, 20.0))
        display.end("t000", "COMPLETE", "")
        display.record([row("t000")], {"t000": FRONT["t000"]}, 1.5)
        display.start("t001", {"rank": 4, "terms": "ce"})
        display.end("t001", "FAIL", "loss is nan at step [3]")
        display.record([row("t001", "FAIL", error="loss is nan at step [3]")], {"t000": FRONT["t000"]}, 1.5)


def test_a_log_has_a_line_an_event_with_its_time(spec: StudySpec) -> None:
    display, file = log(spec, force_terminal=False)
    run_two_trials(display)
    lines = file.getvalue().splitlines()
    assert all(re.match(STAMP, line) for line in lines)
    assert [re.sub(STAMP, "", line) for line in lines] == [
        "trial 1 of 4 (t000): rank 8",
        "  t000 epoch 0/2: recall_at_1 30, modality_gap 0.9, 1 s",
        "  t000 epoch 1/2: recall_at_1 50, modality_gap 0.9, loss 2.5, 10 s",
        "  t000 epoch 2/2: recall_at_1 60, modality_gap 0.9, 20 s",
        "1 of 4 trials done; best recall_at_1 t000: recall_at_1 60, modality_gap 0.9; best modality_gap t000: "
        "modality_gap 0.9, recall_at_1 60; hypervolume 1.5; about 1 min left",
        "trial 2 of 4 (t001): rank 4",
        "  t001 failed: loss is nan at step [3]",
        "2 of 4 trials done (1 failed); best recall_at_1 t000: recall_at_1 60, modality_gap 0.9; best modality_gap "
        "t000: modality_gap 0.9, recall_at_1 60; hypervolume 1.5; about 40 s left",
    ]


@pytest.mark.parametrize("options", [{"force_terminal": False}, {"force_terminal": True, "_environ": {"TERM": "dumb"}}])
def test_what_cannot_be_drawn_on_gets_no_control_codes(spec: StudySpec, options: dict[str, Any]) -> None:
    display, file = log(spec, **options)
    run_two_trials(display)
    assert "\x1b" not in file.getvalue()
    assert "\r" not in file.getvalue()
    assert "trial 1 of 4" in file.getvalue()


def test_a_terminal_gets_the_screen_and_failures_in_full(spec: StudySpec) -> None:
    display, file = log(spec, force_terminal=True)
    run_two_trials(display)
    assert "2 of 4 trials done (1 failed)" in file.getvalue()
    assert "t001 failed: loss is nan at step [3]" in file.getvalue()
    assert "trial 1 of 4" not in file.getvalue()


def test_a_study_that_goes_on_counts_what_had_ended(spec: StudySpec) -> None:
    display, file = log(spec, force_terminal=False)
    display.record([row("t000"), row("t001", gap=0.2, recall=40.0)], FRONT, 2.0)
    display.start("t002", {"rank": 8})
    display.start("t002", {"rank": 8})  # its process died
    first, *starts = file.getvalue().splitlines()
    assert "2 of 4 trials done; best recall_at_1 t000" in first
    assert [re.sub(STAMP, "", line) for line in starts] == ["trial 3 of 4 (t002): rank 8"] * 2


def test_trials_at_once_have_their_own_numbers(spec: StudySpec) -> None:
    display, file = log(spec, force_terminal=False)
    for trial in ("t000", "t001"):
        display.start(trial, {"rank": 8})
    display.end("t001", "STOPPED", "")
    display.record([row("t001", "STOPPED")], {}, 0.0)
    display.start("t002", {"rank": 8})
    lines = [re.sub(STAMP, "", line) for line in file.getvalue().splitlines()]
    assert [line[:19] for line in lines if line.startswith("trial ")] == [
        "trial 1 of 4 (t000)", "trial 2 of 4 (t001)", "trial 3 of 4 (t002)",
    ]  # fmt: skip
    assert "1 of 4 trials done (1 stopped early), 1 running; hypervolume 0" in lines[3]


def test_re_runs_are_counted_by_themselves_and_leave_the_front(spec: StudySpec) -> None:
    display, file = log(spec, force_terminal=False)
    display.record([row("t000"), row("t001")], FRONT, 2.0)
    display.begin("re-run", 6)
    display.record([row("r000")], FRONT, None)
    display.start("r001", {"rank": 8})
    lines = file.getvalue().splitlines()
    assert "1 of 6 re-runs done; best recall_at_1 t000: recall_at_1 60" in lines[1]
    assert "hypervolume 2; about 1 min left" not in lines[0]
    assert "hypervolume 2; about 2 min left" in lines[1]
    assert "re-run 2 of 6 (r001)" in lines[2]


def crowded(objectives: int = 2) -> Standing:
    names = ["recall_at_1", "modality_gap", "full_recall_at_10_t2i", "relative_modality_gap"][:objectives]
    values = dict.fromkeys(names, 12.345678)
    return Standing(
        objectives=dict.fromkeys(names, "max"),
        epochs=10,
        total=120,
        ended={
            f"t{n:03d}": {
                **row(f"t{n:03d}", ("COMPLETE", "STOPPED", "FAIL")[n % 3], error="no [space] " * 20),
                **values,
            }
            for n in range(100)
        },
        running={
            f"t{n:03d}": Running({"terms": TERMS, "rank": 32, "weight_antipodal_intra": 0.123456}, 0.0, 3, values)
            for n in (100, 101)
        },
        front={f"t{n:03d}": values for n in range(0, 30, 3)},
        hypervolume=123.456789,
        before=values,
    )


def shown(standing: Standing, **options: Any) -> list[str]:
    file = StringIO()
    console = Console(file=file, **options)
    console.print(screen(standing, console, 0.0))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_the_screen_fits_its_terminal(width: int, objectives: int) -> None:
    lines = shown(crowded(objectives), width=width, height=30, force_terminal=True, no_color=True)
    assert all(len(line) <= width for line in plain(lines))
    assert len(lines) <= 30
    text = "\n".join(plain(lines))
    assert "100 of 120 trials done (33 stopped early, 33 failed), 2 running"[: width - 1] in text
    assert "hypervolume 123.5, about" in text
    assert re.search(r"^front of 10 tr[a-z…]+ +trial", text, re.M)
    assert re.search(r"^t101 +3/10 .* running", text, re.M)
    assert re.search(r"^t098 failed: no \[space\] .*…$", text, re.M)
    assert "31 more failed, see trials.csv" in text
    assert "".join(line.strip() for line in lines).count("cyclip_intra") == 2


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_without_colour_nothing_is_lost() -> None:
    one = shown(crowded(), width=80, height=30, force_terminal=True, color_system="truecolor")
    other = shown(crowded(), width=80, height=30, force_terminal=True, no_color=True)
    assert plain(one) == plain(other)
    assert not any(re.search(r"\x1b\[[0-9;]*3[0-7]m", line) for line in other)
    assert any(re.search(r"t0\d\d .* on front", line) for line in plain(shown_front()))


def shown_front() -> list[str]:
    standing = crowded()
    standing.ended = {"t000": row("t000")}
    return shown(standing, width=80, height=30, force_terminal=True)


def test_a_study_that_has_just_begun() -> None:
    lines = shown(Standing({"modality_gap": "min"}, epochs=2, total=3), width=60, height=24)
    assert lines[0] == "0 of 3 trials done"
    assert "not known before an epoch has been measured" in lines[1]
    assert "no trial is on the front yet" in lines
