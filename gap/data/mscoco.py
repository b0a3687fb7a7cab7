"""MS COCO 2014 with Karpathy's split: photographs with five captions each.

Layout: ``dataset_coco.json``, Karpathy's file, which names every image and its part of the split; ``annotations/
captions_train2014.json`` and ``captions_val2014.json``, the official captions by image; ``train2014/`` and ``val2014/``
with the images. Parts ``train`` and ``restval`` are trained on, ``test`` is tested on, ``val`` is left out: 113,287 and
5,000 images. The first five captions of an image, by ascending annotation id, are its captions; a few images have more.
The split is the field's, by image: a short caption may stand on both sides of it.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal

from gap.data.captions import clean_caption
from gap.data.prompts import BARE, caption
from gap.data.records import Catalogue, Record, Size, Skipped, Source
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
            number, part = int(image["cocoid"]), PARTS[image["split"]]
            folder, name = image["filepath"], image["filename"]
            is_there = name in present[folder]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            skipped.append(Skipped(f"image {position} of {SPLIT}", f"unexpected or missing {error}"))
            continue
        if part is None:
            continue
        if not is_there:
            skipped.append(Skipped(str(number), f"{folder}/ holds no file of that name"))
        elif number in seen:
            skipped.append(Skipped(str(number), "the id occurs twice"))
        elif not captions[number]:
            skipped.append(Skipped(str(number), "no captions"))
        else:
            seen.add(number)
            texts = tuple(caption([text], language, prompt or BARE) for text in captions[number][:CAPTIONS])
            records.append(Record(str(number), texts, group=str(number), image=directory / folder / name, split=part))
    if {record.split for record in records} != {"train", "test"}:
        raise UserError(f"mscoco: {directory / SPLIT} leaves no images to train on, or none to test on")
    return Catalogue(sorted(records, key=lambda record: int(record.id)), skipped)


def _captions(directory: Path) -> dict[int, list[str]]:
    """Map every image to its captions, by ascending annotation id; white space resolved, empty ones dropped."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for folder in FOLDERS:
        path = directory / "annotations" / f"captions_{folder}.json"
        for annotation in _entries(path, "annotations"):
            try:
                number, image = int(annotation["id"]), int(annotation["image_id"])
                if text := clean_caption(annotation["caption"]):
                    found[image].append((number, text))
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise UserError(f"mscoco: {path}: an annotation has an unexpected or missing {error}") from error
    captions: dict[int, list[str]] = defaultdict(list)
    captions |= {image: [text for _, text in sorted(texts)] for image, texts in found.items()}
    return captions


def _entries(path: Path, key: str) -> list[Any]:
    """Read the list under ``key``, or say in one line what is wrong with the file."""
    if not path.is_file():
        raise UserError(f"mscoco: {path} is missing; expected in the directory: {LAYOUT}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
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
