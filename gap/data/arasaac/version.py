"""``version.json``: which edition of ARASAAC lies here, how much of it, and what it is called.

The name is the day on which its catalogue came and a digest of all records and pictures: what is equal byte for byte
has one name, however often it is asked for.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gap.data.arasaac.catalogue import LICENCE
from gap.data.arasaac.languages import LANGUAGES
from gap.data.arasaac.manifest import Kept
from gap.data.arasaac.place import VERSION, catalogue_path
from gap.data.records import MAX_UNUSABLE
from gap.data.whole_files import replace_file

FORMAT = 1


def read_version(place: Path) -> dict[str, Any]:
    """Read the file; an absent or damaged one says nothing, and only languages that exist are named."""
    try:
        content = json.loads((place / VERSION).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not (
        isinstance(content, dict) and content.get("format") == FORMAT and isinstance(content.get("languages"), dict)
    ):
        return {}
    known = {name: about for name, about in content["languages"].items() if name in LANGUAGES and _is_whole(about)}
    return {**content, "languages": known}


def _is_whole(about: Any) -> bool:
    return isinstance(about, dict) and all(isinstance(about.get(name), str) for name in ("fetched", "sha256"))


def lacking(place: Path, language: str) -> str | None:
    """Say in words what a directory lacks to be read in a language; None if it can be read, whoever filled it.

    As anywhere, up to 1 % of the pictures may be missing.
    """
    if not catalogue_path(place, language).is_file():
        return f"{place} holds no pictograms in {language}"
    known = read_version(place)
    about = known.get("languages", {}).get(language)
    if about is None:
        return None
    missing, records = about.get("missing"), about.get("records")
    if not (isinstance(missing, int) and isinstance(records, int)):
        return f"the download to {place} was interrupted"
    return f"{place} lacks {missing:,} of {records:,} pictograms" if missing > MAX_UNUSABLE * records else None


def write_version(place: Path, content: Mapping[str, Any]) -> None:
    """Write it, all or nothing."""
    whole = {"format": FORMAT, "dataset": "arasaac", "licence": LICENCE, **content}
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    replace_file(place / VERSION, lambda temporary: temporary.write_bytes(text.encode()))


def name_edition(
    languages: Mapping[str, Mapping[str, Any]], pictures: Iterable[Kept], before: Mapping[str, Any]
) -> dict[str, str]:
    """Give ``version`` and ``digest`` of these catalogues and pictures; those from ``before`` if nothing differs."""
    parts = [
        sorted((language, about["sha256"]) for language, about in languages.items()),
        sorted((one.id, one.sha256) for one in pictures),
    ]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    if before.get("digest") == digest and isinstance(name := before.get("version"), str):
        return {"version": name, "digest": digest}
    newest = max(about["fetched"] for about in languages.values())
    return {"version": f"{newest[:10]}-{digest[:8]}", "digest": digest}
