"""The categories of ARASAAC's pictograms: several a picture, in English in every language's file."""

from pathlib import Path

from gap.data.arasaac.catalogue import LAYOUT, read_entries
from gap.data.arasaac.identifiers import usable_id
from gap.errors import UserError


def read_categories(language: str, directory: Path | None) -> dict[str, list[str]]:
    """Map the id of every record of ``{language}.json`` to its categories, repeated and empty ones dropped.

    Of an id that occurs twice the first record counts, as in the catalogue.

    Raises UserError when the directory or the file is missing or malformed, or no record has a category.
    """
    if directory is None:
        raise UserError(f"arasaac: its categories are not in the prepared dataset; give --data-dir DIR with {LAYOUT}")
    found: dict[str, list[str]] = {}
    for entry in read_entries(directory, language):
        if isinstance(entry, dict) and usable_id(entry.get("_id")) is not None:
            names = entry.get("categories")
            listed = names if isinstance(names, list) else []
            words = [" ".join(name.split()) for name in listed if isinstance(name, str)]
            found.setdefault(str(entry["_id"]), list(dict.fromkeys(filter(None, words))))
    if not any(found.values()):
        raise UserError(f"arasaac: expected records with categories in {directory / f'{language}.json'}, found none")
    return found
