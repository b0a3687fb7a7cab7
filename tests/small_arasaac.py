"""A local copy of ARASAAC made of plain colours: a study of `tiny` on it takes seconds."""

import json
from pathlib import Path

from PIL import Image


def write_small_arasaac(directory: Path, *, records: int = 200, keywords: int = 200, corrupt: int = 0) -> Path:
    """The first ``keywords`` records have a keyword, the first ``corrupt`` images are cut short."""
    (directory / "images").mkdir(parents=True)
    entries = []
    for number in range(records):
        words = [{"keyword": f"palabra {number}"}] if number < keywords else []
        entries.append({"_id": number, "keywords": words})
        path = directory / "images" / f"{number}.png"
        Image.new("RGB", (32, 32), (number, 0, 255 - number)).save(path)
        if number < corrupt:
            path.write_bytes(path.read_bytes()[:60])
    (directory / "es.json").write_text(json.dumps(entries))
    return directory
