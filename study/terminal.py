"""The terminal, which texts of data and results must not command."""

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from gap.errors import visible


class PlainConsole(Console):
    """Shows every text as it is: brackets are no markup, and control codes are spaces."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render what is printed; only rich's own control codes stay."""
        for segment in super().render(renderable, options):
            shown = segment.control or segment.text.replace("\n", "").isprintable()
            yield segment if shown else Segment("\n".join(map(visible, segment.text.split("\n"))), segment.style)


def terminal(*, pipe_width: int | None = None, highlight: bool = True) -> PlainConsole:
    """Open standard output; ``pipe_width`` is for where it is none of a terminal's, and has no width of its own."""
    own = sys.stdout.isatty()
    return PlainConsole(
        width=None if own else pipe_width, force_terminal=None if own else False, markup=False, highlight=highlight
    )
