"""What a terminal shows of a study: as much as fits on its screen, nothing by colour alone."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from study.standing import Standing
from study.words import brief, fold, in_words

STATES = {"COMPLETE": "complete", "STOPPED": "stopped", "FAIL": "failed"}
SHOWN_FAILURES, SHOWN_RUNNING = 2, 4
# Characters: a trial's name, its epoch, its state, a value, what is between two columns.
TRIAL, EPOCH, STATE, VALUE, GAP = 5, 7, 8, 10, 2


def screen(standing: Standing, console: Console, now: float) -> Group:
    """Lay out where a study stands, in lines that are no longer than the console is wide."""
    width, height = console.size
    parts: list[list[RenderableType]] = [
        [_line(standing.count(), "bold"), _line(_hypervolume(standing, now)), _line(_bar(standing.share, width))],
        [_front(standing, width)],
        _running(standing, width),
        _failures(standing),
    ]
    above = [part for part in parts if part]
    used = sum(_height(one) for part in above for one in part) + len(above)
    table = _trials(standing, width, height - used - 1)
    return Group(*(one for part in above for one in [*part, Text()]), *([table] if table.row_count else []))


def _bar(share: float, width: int) -> str:
    """Draw a share in [0, 1] as a bar without colour."""
    cells = max(min(width, 100) - len("[] 100 %"), 1)
    done = round(share * cells)
    return f"[{'#' * done}{'.' * (cells - done)}] {100 * share:.0f} %"


def _hypervolume(standing: Standing, now: float) -> str:
    volume = "" if standing.hypervolume is None else f"hypervolume {brief(standing.hypervolume)}, "
    return f"{volume}{standing.time_left(now)}"


def _front(standing: Standing, width: int) -> RenderableType:
    if not standing.front:
        return _line("no trial is on the front yet")
    rows: list[tuple[str, str, Mapping[str, float]]] = [
        (f"best {name}", trial, standing.front[trial]) for name, trial in standing.extremes().items()
    ]
    if standing.before:
        rows.insert(0, ("before training", "", standing.before))
    size = f"front of {len(standing.front)} trial{'s' if len(standing.front) > 1 else ''}"
    rest = len(standing.objectives) * (VALUE + GAP) + TRIAL + GAP
    labels = max(min(max(len(text) for text in (size, *(row[0] for row in rows))), width - rest - GAP), 1)
    table = _table({size: labels, "trial": TRIAL}, standing, width)
    for text, trial, values in rows:
        table.add_row(text, trial, *_values(values, standing))
    return table


def _running(standing: Standing, width: int) -> list[RenderableType]:
    return [
        Text("\n".join(fold(f"{trial} runs: {in_words(one.parameters)}", width)))
        for trial, one in list(standing.running.items())[:SHOWN_RUNNING]
    ]


def _failures(standing: Standing) -> list[RenderableType]:
    failures = list(standing.failures.items())
    lines: list[RenderableType] = [_line(f"{trial} failed: {why}", "red") for trial, why in failures[-SHOWN_FAILURES:]]
    earlier = len(failures) - SHOWN_FAILURES
    return [*lines, _line(f"{earlier} more failed, see trials.csv")] if earlier > 0 else lines


def _trials(standing: Standing, width: int, height: int) -> Table:
    """Show the newest trials that ``height`` lines hold: first those that have ended, then those that run."""
    table = _table({"trial": TRIAL, "epoch": EPOCH}, standing, width - STATE - GAP)
    table.add_column("state", width=STATE, no_wrap=True, overflow="ellipsis")
    shown: list[tuple[str, int | None, Mapping[str, Any], str]] = [
        (trial, row["last_epoch"], row, "on front" if trial in standing.front else STATES[row["state"]])
        for trial, row in standing.ended.items()
    ]
    shown += [(trial, one.epoch, one.values, "running") for trial, one in standing.running.items()]
    rows = max(height - _height(table), 0)
    for trial, epoch, values, state in shown[len(shown) - min(rows, len(shown)) :]:
        done = "" if epoch is None else f"{epoch}/{standing.epochs}"
        style = {"on front": "bold", "failed": "red"}.get(state)
        table.add_row(trial, done, *_values(values, standing), state, style=style)
    return table


def _table(first: Mapping[str, int], standing: Standing, width: int) -> Table:
    """Begin a table: columns of the given widths, then one an objective; names are broken so that ``width`` is kept."""
    left = width - sum(first.values()) - GAP * len(first)
    share = max(left // len(standing.objectives) - GAP, VALUE)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)
    for name, characters in first.items():
        table.add_column(name, width=characters, no_wrap=True, overflow="ellipsis")
    for name in standing.objectives:
        lines = fold(name, share)
        across = max(VALUE, *(len(line) for line in lines))
        table.add_column("\n".join(lines), width=across, justify="right", no_wrap=True, overflow="ellipsis")
    return table


def _values(values: Mapping[str, Any], standing: Standing) -> list[str]:
    return [brief(values.get(name)) for name in standing.objectives]


def _height(part: RenderableType) -> int:
    if isinstance(part, Table):
        return part.row_count + max(str(column.header).count("\n") + 1 for column in part.columns)
    return str(part).count("\n") + 1


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
