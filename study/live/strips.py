"""Retrieval at a glance: some captions, each with the first five images that a model finds, the right ones framed."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from gap.data import PairDataset
from study.embeddings import Embeddings
from study.first_images import first_images
from study.thumbnails import thumbnail

QUERIES, IMAGES = 8, 5
SIDE, MARGIN, WORDS, FRAME, FOOT = 72, 6, 260, 4, 48  # pixels
HIT, MISS = (0, 158, 115), (200, 200, 200)


def draw_strips(embeddings: Embeddings, dataset: PairDataset) -> UInt8[np.ndarray, "height width 3"]:
    """Draw up to eight captions, the same in every trial, against all test images; a hit has a thick frame.

    At the foot stands the licence of the images.
    """
    texts = np.random.default_rng(0).permutation(len(embeddings.text_features))[:QUERIES]
    found = first_images(embeddings, torch.from_numpy(texts), IMAGES)
    captions = embeddings.captions(dataset)
    step = SIDE + 2 * MARGIN
    width, foot = WORDS + IMAGES * step, len(texts) * step
    picture = Image.new("RGB", (width, foot + FOOT), "white")
    draw = ImageDraw.Draw(picture)
    for line, text in enumerate(texts):
        top = line * step + MARGIN
        draw.multiline_text((MARGIN, top), in_lines(captions[text]), fill="black", font=_font())
        for column, image in enumerate(found.images[line].tolist()):
            left = WORDS + column * step + MARGIN
            picture.paste(thumbnail(dataset.images[int(embeddings.rows[image])], SIDE), (left, top))
            hit = bool(found.hits[line, column])
            box = (left - FRAME, top - FRAME, left + SIDE + FRAME - 1, top + SIDE + FRAME - 1)
            draw.rectangle(box, outline=HIT if hit else MISS, width=FRAME if hit else 1)
    licence = in_lines(dataset.licence, lines=2, width=width)
    draw.multiline_text((MARGIN, foot + MARGIN), licence, fill="black", font=_font())
    return np.asarray(picture)


def in_lines(text: str, *, lines: int = 4, width: int = WORDS) -> str:
    """Break a text into lines that fit, a caption's beside its images; what is too long ends in an ellipsis.

    >>> in_lines("Una imagen de manzana", lines=1)
    'Una imagen de manzana'
    """
    font, limit, words, broken = _font(), width - 2 * MARGIN, text.split(), [""]
    for word in words:
        longer = f"{broken[-1]} {word}".strip()
        if font.getlength(longer) <= limit:
            broken[-1] = longer
        else:
            broken.append(word)
    broken = [_cut(line, limit) for line in broken if line]
    return "\n".join(broken if len(broken) <= lines else [*broken[: lines - 1], _cut(broken[lines - 1] + " …", limit)])


def _cut(line: str, limit: int) -> str:
    font = _font()
    while font.getlength(line) > limit:
        line = line.removesuffix("…")[:-1].rstrip() + "…"
    return line


@cache
def _font() -> ImageFont.FreeTypeFont:
    # Matplotlib brings a font that has the letters of every European language.
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 13)
