"""Columns of a table: the image, the caption, the split and the group.

Besides ``image`` and ``caption``, the names that other tools write are known: ``file_name`` and ``text`` of the library
datasets' image folders, ``filepath`` and ``title`` of open_clip's CSV files, and the captions' names of saved datasets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IMAGES = ("image", "file_name", "filepath")
CAPTIONS = ("caption", "captions", "text", "title", "sentence", "sentences")
OPTIONAL = ("split", "group")
EXPECTED = f"image (or {', '.join(IMAGES[1:])}), caption (or {', '.join(CAPTIONS[1:])})[, {', '.join(OPTIONAL)}]"


@dataclass(frozen=True)
class Naming:
    """The table's own names of its columns of images and captions, and the further ones that it has."""

    image: str
    caption: str
    optional: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return [self.image, self.caption, *self.optional]

    def rename(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the row's values by the names ``image``, ``caption``, ``split`` and ``group``."""
        values = {name: row.get(name) for name in OPTIONAL}
        return {"image": row.get(self.image), "caption": row.get(self.caption), **values}


def naming_of(found: Sequence[str]) -> Naming:
    """Find the columns among the names ``found``.

    ``image`` and ``caption`` come first, whatever other columns there are; without them there must be one of their
    other names. Raises ValueError, with the columns found and expected, where there is none, several, or one twice.

    >>> naming_of(["filepath", "title", "split"])
    Naming(image='filepath', caption='title', optional=('split',))
    >>> naming_of(["image", "text", "title"])
    Traceback (most recent call last):
    ValueError: has columns text and title, either of which may be the captions; call one of them caption
    """
    image, caption = _one_of("image", IMAGES, found), _one_of("caption", CAPTIONS, found)
    optional = tuple(name for name in OPTIONAL if name in found)
    if repeated := [name for name in (image, caption, *optional) if found.count(name) > 1]:
        raise ValueError(f"has more than one column {repeated[0]}")
    return Naming(image, caption, optional)


def _one_of(name: str, names: Sequence[str], found: Sequence[str]) -> str:
    there = [other for other in names if other in found]
    if not there:
        raise ValueError(f"has no column {name}; expected {EXPECTED}, got {', '.join(map(str, found))[:200]}")
    if len(there) > 1 and name not in there:
        either = " and ".join(there)
        raise ValueError(f"has columns {either}, either of which may be the {name}s; call one of them {name}")
    return there[0]
