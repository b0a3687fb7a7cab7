import io
import re

import pytest
from rich.table import Table
from rich.text import Text

from study.terminal import PlainConsole, terminal

HOSTILE = "[red]no[/red] \x1b]0;title\x07\x1b[31mred\x9b31m\u202e"


@pytest.mark.parametrize("colour", [True, False])
def test_texts_command_nothing(colour: bool) -> None:
    said = io.StringIO()
    console = PlainConsole(file=said, markup=False, highlight=False, force_terminal=colour, width=80)
    table = Table(HOSTILE)
    table.add_row(HOSTILE, style="bold")
    for shown in (HOSTILE, Text(HOSTILE), table):
        console.print(shown)
    lines = said.getvalue()
    assert "\x1b[31m" not in lines
    own = re.sub(r"\x1b\[[\d;]*m", "", lines)
    assert own.replace("\n", "").isprintable()
    assert own.count("[red]no[/red]  ]0;title [31mred") == 4
    assert ("\x1b[1m" in lines) == colour


def test_a_pipe_has_the_width_that_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    terminal(pipe_width=30).print("word " * 10)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 30
