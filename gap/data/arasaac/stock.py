"""What lies in the directory: catalogues and pictures that were verified, and every change to them.

The order of the writes is such that a kill between any two of them is made good by the next run: what is out of date is
marked before the catalogue that says so is written, a picture is recorded after it has its name.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gap.data.arasaac.languages import LANGUAGES
from gap.data.arasaac.manifest import Kept, Manifest, read_manifest, write_manifest
from gap.data.arasaac.place import LICENCE_FILE, LICENCE_TEXT, MANIFEST, catalogue_path, image_path
from gap.data.arasaac.selection import Filters, Records, filters_from_json, parse_catalogue
from gap.data.arasaac.version import name_edition, read_version, write_version
from gap.data.whole_files import replace_file
from gap.errors import UserError

SIZES = (300, 500, 2500)


class Stock:
    """An open directory, held by this process.

    ``languages`` is what ``version.json`` says of each catalogue, ``kept`` the verified pictures by id, ``size`` the
    pixels of the pictures: those asked for, else those of the last time, else 300.
    """

    def __init__(self, place: Path, size: int | None = None) -> None:
        self.place = place
        self._before = read_version(place)
        last = self._before.get("size")
        self.size = size or (last if last in SIZES else SIZES[0])
        self.languages: dict[str, dict[str, Any]] = dict(self._before.get("languages", {}))
        self.kept = read_manifest(place / MANIFEST)
        self._stamps: dict[str, dict[int, str | None]] = {}
        self._manifest = Manifest(place / MANIFEST)

    def close(self) -> None:
        """Close the manifest."""
        self._manifest.close()

    def check_ours(self) -> None:
        """Raise UserError if a catalogue lies here that no download has written: it is somebody's own copy."""
        for language in LANGUAGES:
            path = catalogue_path(self.place, language)
            if language not in self.languages and path.exists():
                raise UserError(f"{path} was not written by this program: give another --data-dir, or move it away")

    def filters(self, language: str) -> Filters:
        """Give the filters of the last time, in this language or another; none if there was none."""
        abouts = [self.languages.get(language, {}), *self.languages.values()]
        return next((found for about in abouts if (found := filters_from_json(about.get("filters")))), Filters())

    def records(self, language: str) -> Records | None:
        """Read the records of a language; None where there are none, or the file is not the one that was written."""
        try:
            data = catalogue_path(self.place, language).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != self.languages.get(language, {}).get("sha256"):
            return None
        return {record["_id"]: record for record in parse_catalogue(data)}

    def stamps(self, languages: Iterable[str]) -> dict[int, str | None]:
        """Give ``lastUpdated`` of every record in these languages, by ascending id."""
        found: dict[int, str | None] = {}
        for language in languages:
            if language not in self._stamps:
                records = self.records(language) or {}
                self._stamps[language] = {one: _text(record.get("lastUpdated")) for one, record in records.items()}
            found = {**self._stamps[language], **found}
        return dict(sorted(found.items()))

    def take_catalogue(self, language: str, data: bytes, about: dict[str, Any], *, outdated: set[int]) -> None:
        """Replace a catalogue; the pictures of ``outdated`` ids count as absent from now on."""
        self._forget(outdated)
        self.languages[language] = about
        replace_file(self.place / LICENCE_FILE, lambda temporary: temporary.write_bytes(LICENCE_TEXT.encode()))
        self._say_incomplete()
        replace_file(catalogue_path(self.place, language), lambda temporary: temporary.write_bytes(data))
        self._stamps.pop(language, None)

    def expect_pictures(self) -> None:
        """Say on disk that pictures are missing, whatever ends this run."""
        for about in self.languages.values():
            about.pop("missing", None)
        self._say_incomplete()

    def take_picture(self, picture: Kept) -> None:
        """Record a picture that was verified and has its name."""
        self._manifest.add(picture)
        self.kept[picture.id] = picture

    def drop_pictures(self, identifiers: Iterable[int]) -> None:
        """Delete pictures that were brought here and that no catalogue here names any more."""
        named = self.stamps(self.languages)
        gone = [one for one in identifiers if one in self.kept and one not in named]
        self._forget(gone)
        for identifier in gone:
            image_path(self.place, identifier).unlink(missing_ok=True)

    def there(self) -> set[int]:
        """Give the ids of the pictures of the size asked for that are what was verified, byte for byte."""
        return {one.id for one in self.kept.values() if one.size == self.size and one.is_there(self.place)}

    def conclude(self, there: set[int]) -> str | None:
        """Write ``version.json`` and a tidy manifest; returns the edition's name, None if nothing lies here."""
        languages = {
            language: {**about, "missing": len(named.keys() - there)}
            for language, about in self.languages.items()
            if (named := self.stamps([language]))
        }
        if not languages:
            return None
        named = self.stamps(languages)
        pictures = [self.kept[one] for one in named if one in there]
        edition = name_edition(languages, pictures, self._before)
        write_manifest(self.place / MANIFEST, self.kept.values())
        write_version(
            self.place,
            {
                **edition,
                "complete": len(pictures) == len(named),
                "size": self.size,
                "languages": languages,
                "images": {"count": len(pictures), "bytes": sum(one.bytes for one in pictures)},
            },
        )
        return edition["version"]

    def _say_incomplete(self) -> None:
        write_version(self.place, {"version": None, "complete": False, "size": self.size, "languages": self.languages})

    def _forget(self, identifiers: Iterable[int]) -> None:
        self._manifest.forget(identifiers := sorted(identifiers))
        for identifier in identifiers:
            self.kept.pop(identifier, None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
