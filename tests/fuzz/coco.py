"""MS COCO's annotations: from the three JSON files to a prepared dataset."""

import json
import shutil
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from fuzz.mutate import changed, damaged
from fuzz.outcome import refused
from gap.data import open_dataset, prepare
from gap.errors import UserError

IMAGES = [
    {
        "cocoid": number, "split": split, "filepath": folder, "filename": f"{number}.jpg", "sentids": [number],
        "sentences": [{"raw": "a bee", "tokens": ["a", "bee"]}],
    }
    for number, (split, folder) in enumerate(
        [("train", "train2014"), ("restval", "val2014"), ("test", "val2014"), ("val", "val2014"), ("test", "val2014")]
    )
]  # fmt: skip
SPLIT = {"images": IMAGES, "dataset": "coco"}
CAPTIONS = {
    "info": {},
    "annotations": [{"image_id": n % 5, "id": 10 + n, "caption": f"a bee of {n}"} for n in range(12)],
    "images": [],
}
CAPTION_FILES = ("captions_train2014.json", "captions_val2014.json")


def _file(example: object) -> st.SearchStrategy[bytes]:
    whole = json.dumps(example).encode()
    return st.one_of(
        st.just(whole),
        changed([example]).map(lambda value: json.dumps(value).encode()),
        damaged([whole]),
        st.sampled_from((b"[" * 100_000, b'{"images": [1], "annotations": [1]}', b"null", b"")),
    )


INPUTS = st.tuples(_file(SPLIT), _file(CAPTIONS), _file(CAPTIONS))
SECONDS = 30


def check(value: tuple[bytes, bytes, bytes], scratch: Path) -> str:
    directory, cache = scratch / "coco", scratch / "cache"
    if not directory.is_dir():
        for folder in ("annotations", "train2014", "val2014"):
            (directory / folder).mkdir(parents=True)
        for image in IMAGES:
            path = directory / str(image["filepath"]) / str(image["filename"])
            Image.new("RGB", (8, 8), (int(str(image["cocoid"])) * 20, 0, 0)).save(path)
    for name, data in zip(
        ("dataset_coco.json", *(f"annotations/{file}" for file in CAPTION_FILES)), value, strict=True
    ):
        (directory / name).write_bytes(data)
    try:
        found = open_dataset(
            prepare("mscoco", language="en", image_size=8, data_dir=directory, cache_dir=cache, progress=False)
        )
    except UserError as error:
        return refused(error)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    assert all(caption.strip() for captions in found.captions for caption in captions)
    assert len(set(found.ids)) == len(found.ids)
    return "accepted"
