"""The directory that a download fills, and the only one that it writes to."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gap.data.arasaac.catalogue import LICENCE
from gap.data.cache import default_cache
from gap.data.whole_files import PART
from gap.errors import UserError

IMAGES, MANIFEST, VERSION, LICENCE_FILE, _LOCK = "images", "manifest.jsonl", "version.json", "LICENCE.txt", ".lock"
LICENCE_TEXT = f"""\
{LICENCE}

The pictograms and the words in this directory may be used and adapted for non-commercial purposes if their author,
their source, their owner and their licence are named wherever they are shown, as above, and what is made of them is
shared under the same licence.
"""


def default_place() -> Path:
    """Say where a study looks for ARASAAC if it is given no directory."""
    return default_cache() / "sources" / "arasaac"


def catalogue_path(place: Path, language: str) -> Path:
    """Say where the records of a language lie."""
    return place / f"{language}.json"


def image_path(place: Path, identifier: int) -> Path:
    """Say where a picture lies: the name is made of a number, and of nothing that a server sends."""
    return place / IMAGES / f"{identifier:d}.png"


@contextmanager
def held_place(directory: Path, languages: tuple[str, ...]) -> Iterator[Path]:
    """Make the directory, hold it for one process, and clear away what killed ones left half-written.

    Gives its real path. If nothing has come in the end, it is left as it was: a study would take it for data.

    Raises UserError where it cannot be written, another process holds it, or one of the names in it is a link: what is
    written there would lie elsewhere.
    """
    place = directory.resolve()
    is_new = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        written = (IMAGES, MANIFEST, VERSION, LICENCE_FILE, _LOCK, *(f"{language}.json" for language in languages))
        for path in (place / name for name in written):
            if path.is_symlink():
                raise UserError(f"{path} is a link, and nothing is written through links: put a real one in its place")
        with FileLock(place / _LOCK, timeout=0):
            (place / IMAGES).mkdir(exist_ok=True)
            for part in (*place.glob(f".*{PART}"), *(place / IMAGES).glob(f".*{PART}")):
                part.unlink()
            try:
                yield place
            finally:
                if not (place / VERSION).exists():
                    _leave_nothing(place, is_new=is_new)
    except Timeout:
        raise UserError(f"another download is writing to {directory}: wait for it, or end it") from None
    except OSError as error:
        raise UserError(f"cannot read or write {error.filename or directory}: {error.strerror or error}") from error


def _leave_nothing(place: Path, *, is_new: bool) -> None:
    """Remove what is empty; what is not is not ours."""
    with suppress(OSError):
        if not (place / MANIFEST).stat().st_size:
            (place / MANIFEST).unlink()
    with suppress(OSError):
        (place / IMAGES).rmdir()
    with suppress(OSError):
        (place / _LOCK).unlink()
        if is_new:
            place.rmdir()
