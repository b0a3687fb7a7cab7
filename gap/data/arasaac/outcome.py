"""What a download has come to, and the line that says so."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from gap.data.arasaac.shown import megabytes

_NAMED = 5


@dataclass(frozen=True)
class Outcome:
    """Pictures wanted and there now, those that came and their bytes, the edition's name.

    ``missing`` says why something did not come, by ``es.json`` or ``2349``; ``stopped`` why no more was asked for.
    """

    wanted: int
    there: int
    came: int
    bytes: int
    missing: dict[str, str]
    stopped: str | None
    version: str | None

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is missing."""
        return self.there == self.wanted and not self.missing and self.stopped is None

    def said(self, directory: Path, command: str) -> str:
        """Say in one line what is there, or what is missing and the command that goes on.

        >>> Outcome(8, 7, 7, 80_000, {"4": "HTTP 404"}, None, "2026-01-01-ab12cd34").said(Path("here"), "python ...")
        'arasaac: missing 1 of 8 pictograms: 4 (HTTP 404); go on with: python ...'
        """
        if self.is_whole:
            came = f"{self.came:,} new, {megabytes(self.bytes)}" if self.came else "nothing new"
            return f"arasaac: all {self.there:,} pictograms are in {directory} ({came}), edition {self.version}"
        named = ", ".join(f"{name} ({why})" for name, why in list(self.missing.items())[:_NAMED])
        absent = f"{self.wanted - self.there:,} of {self.wanted:,} pictograms: " if self.there < self.wanted else ""
        more = ", ..." if len(self.missing) > _NAMED else ""
        stopped = f"; stopped: {self.stopped}" if self.stopped else ""
        return f"arasaac: missing {absent}{named}{more}{stopped}; go on with: {command}"


def command_of(language: str, directory: Path | None) -> str:
    """Give the command that downloads a language, to the place where a study looks for it or to a directory.

    >>> command_of("es", None)
    'python -m gap.data.arasaac --lang es'
    """
    return shlex.join(
        ["python", "-m", "gap.data.arasaac", "--lang", language, *(("--data-dir", str(directory)) if directory else ())]
    )
