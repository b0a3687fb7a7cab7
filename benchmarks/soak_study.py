"""The study of the soak: 60 pictures of plain shapes and their names, trials of ``mini`` of one epoch."""

import json
from pathlib import Path

from PIL import Image, ImageDraw

NAME = "soak"
PAIRS, SIDE = 60, 64
SPACE = """\
model: mini
dataset: arasaac
language: es
epochs: 1
batch_size: 16
early_stopping: off
restarts: 99
search:
  terms: {choices: [ce, ce+variance, ce+centroid]}
  beta: {low: -1, high: 1, default: 1, when: variance}
  rank: {choices: [1, 2]}
  lr: {low: 1.0e-5, high: 1.0e-3, log: true}
sampler: {name: tpe, options: {n_startup_trials: 10}}
pool_size: 10
"""


def write_study(home: Path) -> None:
    """Write the space and a local copy of the data into a directory, which is made."""
    images = home / "arasaac" / "images"
    images.mkdir(parents=True)
    entries = []
    for number in range(PAIRS):
        entries.append({"_id": number, "keywords": [{"keyword": f"palabra {number}"}]})
        picture = Image.new("RGB", (SIDE, SIDE), (number * 4, 90, 250 - number * 4))
        ImageDraw.Draw(picture).rectangle((number % 8, number // 8, SIDE // 2, SIDE // 2), fill=(255, 255, 0))
        picture.save(images / f"{number}.png")
    (home / "arasaac" / "es.json").write_text(json.dumps(entries), encoding="utf-8")
    (home / f"{NAME}.yaml").write_text(SPACE, encoding="utf-8")
