"""The first use of ARASAAC: a study that needs it, and does not find it, downloads it if it may."""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from gap.data.arasaac.catalogue import LICENCE
from gap.data.arasaac.download import Order, download
from gap.data.arasaac.outcome import Outcome, command_of
from gap.data.arasaac.place import default_place
from gap.data.arasaac.version import lacking, read_version
from gap.errors import UserError
from study.space import StudySpec

ARASAAC, SIZE = "arasaac", "about 157 MB"


def first_data(
    own: StudySpec,
    console: Console,
    *,
    data_dir: Path | None,
    wanted: bool,
    may_ask: bool,
    ask: Callable[[str], str] | None = None,
    fetch: Callable[[Order, Path], Outcome] = download,
) -> None:
    """Download ARASAAC in the space's language where it is lacking and ``wanted``, or a person says yes.

    It goes to ``data_dir``, or to the cache, where a study looks for it. ``ask`` is called, if the study ``may_ask``,
    with the question; by default a person at a terminal is asked, and nobody elsewhere.

    Raises UserError for a space of another dataset if it is ``wanted``, and for a download that stays too incomplete.
    """
    if own.dataset != ARASAAC:
        if wanted:
            raise UserError(f"--download: expected a space whose dataset is {ARASAAC}, got {own.dataset}")
        return
    place = data_dir or default_place()
    why = lacking(place, own.language)
    if why is None:
        return
    if not wanted and data_dir is None:
        ask = ask or (_ask if sys.stdin.isatty() and console.is_terminal else None)
        wanted = may_ask and ask is not None and _agreed(own.language, place, console, ask)
    if wanted:
        _fetch(own.language, place, console, fetch)
    elif data_dir is None and place.is_dir():
        command = command_of(own.language, None)
        raise UserError(f"arasaac: {why}; go on with --download, or with {command}, or give --data-dir DIR")


def edition(dataset: str, data_dir: Path | None) -> str | None:
    """Name the edition of ARASAAC that a study reads; None for other datasets and for copies without a name."""
    if dataset != ARASAAC:
        return None
    name = read_version(data_dir or default_place()).get("version")
    return name if isinstance(name, str) else None


def _agreed(language: str, place: Path, console: Console, ask: Callable[[str], str]) -> bool:
    console.print(LICENCE, highlight=False, markup=False, soft_wrap=True)
    try:
        answer = ask(f"Download ARASAAC in {language}, {SIZE}, to {place}? [y/N] ")
    except EOFError:
        return False
    return answer.strip().casefold() in {"y", "yes"}


def _ask(question: str) -> str:
    return input(question)


def _fetch(language: str, place: Path, console: Console, fetch: Callable[[Order, Path], Outcome]) -> None:
    outcome = fetch(Order((language,)), place)
    said = outcome.said(place, command_of(language, place))
    if lacking(place, language) is not None:
        raise UserError(said)
    console.print(said, highlight=False, markup=False, soft_wrap=True)
