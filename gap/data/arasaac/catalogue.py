"""A directory of ARASAAC pictograms as records.

Layout: ``{language}.json``, the answer of ARASAAC's ``GET /v1/pictograms/all/{language}`` (a list of records with
``_id`` and ``keywords``), and ``images/``, with one file a record: ``{id}.png``, ``{id}.webp``, ``{id}_500.png`` or
``{id}_300.png`` (the first of these that exists).

The group of a record is the connected component of records that share a keyword in the language, or the whole caption
(``caption_key``): synonyms chain, so that neither a caption nor a keyword of it is on both sides of a split. In the
catalogue of 9,879 records the largest component has 39 records in Spanish and 214 in English, small enough to be
split by.
"""

import html
import json
import unicodedata
from pathlib import Path
from typing import Any

from gap.data.arasaac.identifiers import by_id
from gap.data.arasaac.languages import LANGUAGES
from gap.data.captions import caption_key
from gap.data.groups import connected_groups
from gap.data.prompts import caption
from gap.data.records import Catalogue, Record, Size, Skipped, Source
from gap.errors import UserError

LICENCE = (
    "Pictograms: author Sergio Palao, source ARASAAC (https://arasaac.org), owner Gobierno de Aragón, "
    "CC BY-NC-SA 4.0 (https://creativecommons.org/licenses/by-nc-sa/4.0/)."
)
LAYOUT = "{language}.json, such as es.json, and images/{id}.png (or .webp, _500.png, _300.png)"
_JOINERS = "\u200c\u200d"
_ENDINGS = (".png", ".webp", "_500.png", "_300.png")


def _clean(word: str) -> str:
    """Resolve HTML entities, composed letters and white space; drop what is never seen, such as a soft hyphen.

    Joiners stay, since Persian words and emoji of several signs are other ones without them, but they make no word.
    """
    text = unicodedata.normalize("NFC", html.unescape(word))
    kept = " ".join("".join(sign for sign in text if sign.isprintable() or sign.isspace() or sign in _JOINERS).split())
    return kept if kept.translate(dict.fromkeys(map(ord, _JOINERS))).strip() else ""


def clean_keywords(entries: Any) -> list[str]:
    """List a record's keywords: HTML entities and white space resolved, empty and repeated ones dropped.

    >>> clean_keywords([{"keyword": " salt &amp;\\u00a0 pepper"}, {"keyword": None}, {"keyword": "Salt & pepper"}])
    ['salt & pepper']
    """
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        word = entry.get("keyword") if isinstance(entry, dict) else None
        if isinstance(word, str) and (text := _clean(word)):
            found.setdefault(caption_key(text), text)
    return list(found.values())


def read_entries(directory: Path, language: str) -> list[Any]:
    """Read the catalogue file, or say in one line what is wrong with it."""
    if not directory.is_dir():
        raise UserError(f"arasaac: expected a directory with {LAYOUT}, but {directory} is not a directory")
    path = directory / f"{language}.json"
    if not path.is_file():
        raise UserError(f"arasaac: {path} is missing; expected in the directory: {LAYOUT}")
    if not (directory / "images").is_dir():
        raise UserError(f"arasaac: {directory / 'images'} is missing; expected in the directory: {LAYOUT}")
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"arasaac: cannot read {path}: {error}") from error
    if not isinstance(entries, list) or not entries:
        got = "an empty one" if entries == [] else type(entries).__name__
        raise UserError(f"arasaac: expected a list of records in {path}, got {got}")
    return entries


def read(language: str, directory: Path | None, prompt: str | None = None) -> Catalogue:
    """Read the records of ``directory`` whose image file exists and which have a keyword.

    ``prompt`` is the text that the keywords are put into, the language's own if None.

    Raises UserError when the directory, its catalogue file or its images are missing or malformed, and for a language
    that has no prompt of its own where none is given.
    """
    if directory is None:
        raise UserError(
            f"arasaac: no data; download it with python -m gap.data.arasaac --lang {language}, or study/run.py's "
            f"--download, or give --data-dir DIR, where DIR holds {LAYOUT}"
        )
    entries, skipped = by_id(read_entries(directory, language))
    # By ascending id: the order in the file does not matter.
    keywords = {identifier: clean_keywords(entry.get("keywords")) for identifier, entry in sorted(entries.items())}
    files = {path.name for path in (directory / "images").iterdir()}
    if not files:
        raise UserError(f"arasaac: {directory / 'images'} is empty; expected in the directory: {LAYOUT}")
    usable: dict[int, Path] = {}
    for identifier, words in keywords.items():
        names = [f"{identifier}{ending}" for ending in _ENDINGS if f"{identifier}{ending}" in files]
        if not words:
            skipped.append(Skipped(str(identifier), "no keywords"))
        elif not names:
            skipped.append(Skipped(str(identifier), "no image file"))
        else:
            usable[identifier] = directory / "images" / names[0]
    identifiers = list(usable)
    captions = {identifier: caption(keywords[identifier], language, prompt) for identifier in identifiers}
    # Captions are keys too: one keyword "a, b" and two, "a" and "b", read the same.
    shared = [
        {caption_key(word) for word in (*keywords[identifier], captions[identifier])} for identifier in identifiers
    ]
    records = [
        Record(str(identifier), (captions[identifier],), group=str(identifiers[group]), image=usable[identifier])
        for identifier, group in zip(identifiers, connected_groups(shared), strict=True)
    ]
    return Catalogue(records, skipped)


ARASAAC = Source(
    languages=LANGUAGES,
    licence=LICENCE,
    layout=LAYOUT,
    read=read,
    size=Size(train=7_903, test=1_976, captions=1, edition="ARASAAC in November 2026"),
)
