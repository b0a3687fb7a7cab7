"""ARASAAC's metadata: from the catalogue file to a prepared dataset."""

import json
import shutil
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from fuzz.mutate import changed, damaged, texts, values
from fuzz.outcome import refused
from gap.data import open_dataset, prepare
from gap.errors import UserError

RECORDS: list[object] = [
    {
        "_id": number,
        "keywords": [{"keyword": f"palabra {number}", "type": 2}, {"keyword": f"p&amp;{number}", "plural": "x"}],
        "categories": ["animal", "core vocabulary"], "tags": ["bee"], "schematic": False, "sex": False,
        "violence": False, "aac": True, "created": "2020-01-01T00:00:00.000Z",
        "lastUpdated": "2020-01-01T00:00:00.000Z",
    }
    for number in range(1, 9)
]  # fmt: skip
EXAMPLES = [RECORDS, RECORDS[:3], [{"_id": 1, "keywords": None}], []]
FILE = st.one_of(
    changed(EXAMPLES).map(lambda value: json.dumps(value).encode()),
    damaged([json.dumps(value).encode() for value in EXAMPLES]),
    st.lists(st.fixed_dictionaries({"_id": values(), "keywords": values()}), max_size=4).map(
        lambda value: json.dumps(value).encode()
    ),
    st.sampled_from((1, 900, 100_000)).map(lambda n: b"[" * n),
    st.binary(max_size=40),
)
INPUTS = st.tuples(FILE, st.lists(texts(), max_size=2))
SECONDS = 30


def check(value: tuple[bytes, list[str]], scratch: Path) -> str:
    data, names = value
    directory, cache = scratch / "arasaac", scratch / "cache"
    if not (directory / "images").is_dir():
        (directory / "images").mkdir(parents=True)
        for number in range(1, 9):
            Image.new("RGB", (8, 8), (number * 20, 0, 0)).save(directory / "images" / f"{number}.png")
    (directory / "es.json").write_bytes(data)
    for name in names:
        _file_called(directory / "images", name)
    try:
        found = open_dataset(
            prepare("arasaac", language="es", image_size=8, data_dir=directory, cache_dir=cache, progress=False)
        )
    except UserError as error:
        return refused(error)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        for path in (directory / "images").iterdir():
            if not path.stem.isascii() or not path.stem.isdigit() or int(path.stem) > 8:
                path.unlink()
    assert all(caption.strip() for captions in found.captions for caption in captions)
    assert len(set(found.ids)) == len(found.ids)
    return "accepted"


def _file_called(directory: Path, name: str) -> None:
    """Put a file of a hostile name among the images, where the file system takes it."""
    path = directory / f"{name}.png"
    if path.parent == directory:
        try:
            path.write_bytes(b"no image")
        except (OSError, ValueError):
            return
