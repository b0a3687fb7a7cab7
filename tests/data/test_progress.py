import io

import pytest
from rich.console import Console

from gap.data import progress
from gap.data.progress import progress_bar, say


def test_elsewhere_than_at_a_terminal_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("arasaac: preparing images", 3, show=True) as step:
        for _ in range(3):
            step()
    assert capsys.readouterr() == ("", "arasaac: preparing images: 3\n")


def test_silent_when_not_to_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("images", 1, show=False) as step:
        step()
    assert capsys.readouterr() == ("", "")


def test_at_a_terminal_a_bar_that_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    with progress_bar("images", 3, show=True) as step:
        for _ in range(3):
            step()
    assert "images" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()


def test_a_long_line_with_brackets_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = "[bold]" + "palabra " * 60
    say(line)
    assert capsys.readouterr().err == f"{line}\n"
