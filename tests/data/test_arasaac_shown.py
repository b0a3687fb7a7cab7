import pytest

from gap.data.arasaac.shown import transfer


def test_a_line_now_and_then_with_bytes_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    with transfer("pictures", 100, show=True, clock=lambda: now[0]) as step:
        for _ in range(100):
            now[0] += 1
            step(50_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "pictures: 100"
    assert lines[1] == "pictures: 15 of 100, 0.8 MB, 1:25 left"
    assert lines[-1] == "pictures: 90 of 100, 4.5 MB, 0:10 left"
    assert len(lines) == 7


def test_a_bar_at_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with transfer("pictures", 2, show=True) as step:
        step(1_500_000)
        step(0)
    said = capsys.readouterr().err
    assert "2/2" in said
    assert "1.5 MB" in said


def test_nothing_is_shown_if_nobody_looks_or_nothing_comes(capsys: pytest.CaptureFixture[str]) -> None:
    for total, show in ((100, False), (0, True)):
        with transfer("pictures", total, show=show) as step:
            step(1)
    assert capsys.readouterr().err == ""
