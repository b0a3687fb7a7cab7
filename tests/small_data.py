"""A prepared dataset of coloured squares, small enough for a model to be trained on it in a test."""

import hashlib
import json
from pathlib import Path

import numpy as np

from gap.data.dataset import CAPTIONS, FORMAT, IMAGES, SPLITS, digest, hash_split

COLOURS = {"red": (220, 30, 30), "green": (20, 160, 40), "blue": (30, 60, 220), "grey": (128, 128, 128)}
PLACES = [(0, 0), (0, 16), (16, 0), (16, 16), (8, 8), (4, 12)]


def write_small_data(directory: Path, *, captions_per_image: int = 1, image_size: int = 32) -> Path:
    """24 images, 16 to train on; two test images share a caption."""
    directory.mkdir(parents=True)
    images = np.full((24, image_size, image_size, 3), 255, dtype=np.uint8)
    side = image_size // 2
    captions = []
    for row, (colour, rgb) in enumerate(COLOURS.items()):
        for column, (top, left) in enumerate(PLACES):
            index = row * len(PLACES) + column
            row_start, column_start = top * side // 16, left * side // 16
            images[index, row_start : row_start + side, column_start : column_start + side] = rgb
            words = [f"a {colour} square at {top} {left}", f"square {index}", f"{colour} thing {column}"]
            captions.append(words[:captions_per_image])
    captions[23] = list(captions[22])
    ids = [str(index) for index in range(24)]
    train = [index for index in range(24) if index % 6 < 4]
    test = [index for index in range(24) if index % 6 >= 4]
    np.save(directory / IMAGES, images)
    data_hash = digest([hashlib.sha256(images.tobytes()).hexdigest(), captions])
    described = {
        "format": FORMAT, "name": "squares", "language": "en", "image_size": image_size, "licence": "none",
        "data_hash": data_hash, "ids": ids, "captions": captions, "groups": ids, "skipped": [],
    }  # fmt: skip
    split = {
        "format": FORMAT, "method": "by hand", "seed": 0, "test_fraction": 1 / 3, "train": train, "test": test,
        "split_hash": hash_split(ids, train, test),
    }  # fmt: skip
    (directory / CAPTIONS).write_text(json.dumps(described))
    (directory / SPLITS).write_text(json.dumps(split))
    return directory
