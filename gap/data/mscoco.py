"""MS COCO 2014 with Karpathy's split: photographs with five captions each.

Layout: ``dataset_coco.json``, Karpathy's file, which names every image and its part of the split; ``annotations/
captions_train2014.json`` and ``captions_val2014.json``, the official captions by image; ``train2014/`` and ``val2014/``
with the images. Parts ``train`` and ``restval`` are trained on, ``test`` is tested on, ``val`` is left out: 113,287 and
5,000 images. The first five captions of an image, by ascending annotation id, are its captions; a few images have more.
An empty caption is left out and named.
The split is the field's, by image: a short caption may stand on both sides of it.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal

from gap.data.captions import clean_caption
from gap.data.prompts import BARE, caption
from gap.data.records import Catalogue, Record, Size, Skipped, Source
from gap.data.utf8 import decode_utf8
from gap.errors import UserError

SPLIT = "dataset_coco.json"
FOLDERS = ("train2014", "val2014")
LAYOUT = "dataset_coco.json (Karpathy's split), annotations/captions_{train,val}2014.json, train2014/ and val2014/"
CAPTIONS = 5
PARTS: dict[str, Literal["train", "test"] | None] = {"train": "train", "restval": "train", "test": "test", "val": None}


def read(language: str, directory: Path | None, prompt: str | None = None) -> Catalogue:
    """Read the images of the split with their captions, in the order of their ids.

    Raises ``UserError`` when a file is missing or malformed, or no image is in one of the two parts.
    """
    if directory is None or not directory.is_dir():
        given = "no data; give --data-dir DIR" if directory is None else f"{directory} is not a directory"
        raise UserError(f"mscoco: {given}; expected in the directory: {LAYOUT}")
    images = _entries(directory / SPLIT, "images")
    captions = _captions(directory)
    present = {folder: _names(directory / folder) for folder in FOLDERS}
    records, skipped, seen = list[Record](), list[Skipped](), set[int]()
    for position, image in enumerate(images):
        try:
            number, part, folder, name = _image(image)
        except ValueError as error:
            skipped.append(Skipped(f"image {position} of {SPLIT}", str(error)))
            continue
        if part is None:
            continue
        texts, empty = captions.get(number, ([], []))
        if name not in present[folder]:
            skipped.append(Skipped(str(number), f"{folder}/ holds no file of that name"))
        elif number in seen:
            skipped.append(Skipped(str(number), "the id occurs twice"))
        elif not texts:
            skipped.append(Skipped(str(number), "no captions"))
        else:
            seen.add(number)
            skipped += [Skipped(f"{number}, annotation {one}", "no caption", 0, 1) for one in empty]
            prompted = tuple(caption([text], language, prompt or BARE) for text in texts[:CAPTIONS])
            records.append(
                Record(str(number), prompted, group=str(number), image=directory / folder / name, split=part)
            )
    if {record.split for record in records} != {"train", "test"}:
        raise UserError(f"mscoco: {directory / SPLIT} leaves no images to train on, or none to test on")
    return Catalogue(sorted(records, key=lambda record: int(record.id)), skipped)


def _image(image: Any) -> tuple[int, Literal["train", "test"] | None, str, str]:
    """Read an image's id, part, folder and name. Raises ValueError with what was expected and what was got."""
    number = _whole(image, "cocoid")
    part, folder, name = (_field(image, key) for key in ("split", "filepath", "filename"))
    if not isinstance(part, str) or part not in PARTS:
        raise ValueError(f"split: expected one of {', '.join(PARTS)}, got {part!r:.40}")
    if not isinstance(folder, str) or folder not in FOLDERS:
        raise ValueError(f"filepath: expected {' or '.join(FOLDERS)}, got {folder!r:.40}")
    if not isinstance(name, str):
        raise ValueError(f"filename: expected a name, got {name!r:.40}")
    return number, PARTS[part], folder, name


def _field(entry: Any, key: str) -> Any:
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object, got {entry!r:.40}")
    if key not in entry:
        raise ValueError(f"no {key}")
    return entry[key]


def _whole(entry: Any, key: str) -> int:
    """Read an id: a whole number, also one that a table's writer made 7.0 or '7' of."""
    value = _field(entry, key)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    raise ValueError(f"{key}: expected a whole number, got {value!r:.40}")


def _captions(directory: Path) -> dict[int, tuple[list[str], list[int]]]:
    """Map every image to its captions, by ascending annotation id, and to the ids of the annotations without one."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for folder in FOLDERS:
        path = directory / "annotations" / f"captions_{folder}.json"
        for position, annotation in enumerate(_entries(path, "annotations")):
            try:
                number, image, text = _whole(annotation, "id"), _whole(annotation, "image_id"), annotation["caption"]
            except (ValueError, KeyError) as error:
                reason = error if isinstance(error, ValueError) else f"no {error}"
                raise UserError(f"mscoco: {path}: annotation {position}: {reason}") from error
            found[image].append((number, clean_caption(text) or ""))
    return {
        image: ([text for _, text in texts if text], [number for number, text in texts if not text])
        for image, texts in ((image, sorted(texts)) for image, texts in found.items())
    }


def _entries(path: Path, key: str) -> list[Any]:
    """Read the list under ``key``, or say in one line what is wrong with the file."""
    if not path.is_file():
        raise UserError(f"mscoco: {path} is missing; expected in the directory: {LAYOUT}")
    try:
        content = json.loads(decode_utf8(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"mscoco: cannot read {path}: {error}") from error
    entries = content.get(key) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"mscoco: expected a list of {key} in {path}")
    return entries


def _names(folder: Path) -> set[str]:
    """List a folder once: 123,287 look-ups would take minutes on a network drive."""
    if not folder.is_dir():
        raise UserError(f"mscoco: {folder} is missing; expected in the directory: {LAYOUT}")
    return {path.name for path in folder.iterdir()}


MSCOCO = Source(
    languages=("en",),
    licence="Captions: COCO Consortium, CC BY 4.0. Images: Flickr's terms of use, by image.",
    layout=LAYOUT,
    read=read,
    size=Size(train=113_287, test=5_000, captions=CAPTIONS, edition="Karpathy's split"),
)
