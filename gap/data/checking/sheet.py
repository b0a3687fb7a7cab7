"""A contact sheet: some of a dataset's images as the model sees them, with their captions, in one PNG."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from gap.data.dataset import PairDataset
from gap.data.whole_files import replace_file

COLUMNS, ROWS = 8, 5
_CELL, _LINES, _LINE, _GAP = 160, 3, 15, 10  # pixels; lines of a caption
_TEST = "#b30000"
# Pillow's own has no accents. Nor has this one Chinese, Japanese or Korean: their characters are boxes.
_FONT = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int, lines: int) -> list[str]:
    """Break a text into lines of at most ``width`` pixels; what is left over ends in an ellipsis."""
    found, rest = list[str](), text
    while rest and len(found) < lines:
        end = len(rest)
        while end > 1 and font.getlength(rest[:end]) > width:
            end -= 1
        if end < len(rest) and " " in rest[: end + 1]:
            end = rest[: end + 1].rindex(" ")
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    if rest:
        found[-1] = f"{found[-1][:-1].strip()}..."
    return found


def some_rows(dataset: PairDataset) -> list[int]:
    """Draw rows at random, always the same: three quarters to train on, the rest to test on."""
    random, count = np.random.default_rng(0), COLUMNS * ROWS
    train, test = (random.permutation(part) for part in (dataset.train, dataset.test))
    chosen = [*train[: count - count // 4], *test[: count // 4]]
    return [int(row) for row in chosen]


def draw_sheet(dataset: PairDataset, rows: Sequence[int]) -> Image.Image:
    """Draw the sheet; the captions of test images are red."""
    font, text = ImageFont.truetype(_FONT, 11), _LINES * _LINE
    width, height = _CELL + _GAP, _CELL + text + _GAP
    high = -(-len(rows) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * width + _GAP, high * height + _GAP), "white")
    draw, test = ImageDraw.Draw(sheet), set(dataset.test.tolist())
    for number, row in enumerate(rows):
        left, top = _GAP + number % COLUMNS * width, _GAP + number // COLUMNS * height
        image = Image.fromarray(np.asarray(dataset.images[row]))
        sheet.paste(image.resize((_CELL, _CELL), Image.Resampling.BICUBIC), (left, top))
        draw.rectangle((left - 1, top - 1, left + _CELL, top + _CELL), outline="#cccccc")
        colour = _TEST if row in test else "black"
        for line, words in enumerate(wrap(dataset.captions[row][0], font, _CELL, _LINES)):
            draw.text((left, top + _CELL + 3 + line * _LINE), words, fill=colour, font=font)
    return sheet


def write_sheet(path: Path, dataset: PairDataset) -> None:
    """Write the sheet of some rows as a PNG; the name appears when it is whole."""
    sheet = draw_sheet(dataset, some_rows(dataset))
    replace_file(path, lambda temporary: sheet.save(temporary, "PNG"))
