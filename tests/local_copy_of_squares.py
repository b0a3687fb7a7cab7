"""A study directory by hand: the small random model on coloured squares, whose categories are their colours."""

import json
from pathlib import Path

from small_data import COLOURS, PLACES, write_small_data


def write_squares(home: Path) -> Path:
    """Write the study's directory, its prepared data, and beside them the catalogue that holds the categories."""
    data = write_small_data(home / "data")
    described = json.loads((data / "captions.json").read_text())
    (data / "captions.json").write_text(json.dumps({**described, "name": "arasaac"}))
    records = [
        {"_id": row * len(PLACES) + column, "categories": [colour]}
        for row, colour in enumerate(COLOURS)
        for column in range(len(PLACES))
    ]
    (home / "images").mkdir()
    (home / "en.json").write_text(json.dumps(records))
    study = home / "squares"
    study.mkdir()
    about = {
        "profile": "rehearsal",
        "spec": {"model": "tiny", "pretrained": None},
        "data": {"path": str(data), "data_hash": described["data_hash"]},
    }
    (study / "study.json").write_text(json.dumps(about))
    return study
