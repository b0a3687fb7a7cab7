"""All that is found out about a dataset, as plain numbers, and as the text that is printed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from gap.data.checking.language import MIN_WORDS, LanguageMix
from gap.data.checking.parts import Parts
from gap.data.checking.reading import Reading
from gap.data.checking.repeats import Repeats, batches_in_words, split_in_words
from gap.data.checking.sharing import Sharing
from gap.data.dataset import PairDataset

SHOWN = 5
LEAKS = {
    "same file": "the same file byte for byte",
    "near-identical": "near-identical images",
    "same caption": "the same caption, whatever its case, white space and composition (NFC, NFD)",
}


@dataclass(frozen=True)
class Findings:
    """What was found in a dataset; ``shared`` is by the names of ``LEAKS``, ``sizes`` width and height of originals."""

    dataset: PairDataset
    image_size: int
    shared: dict[str, Sharing]
    parts: Parts
    reading: Reading
    mix: LanguageMix
    sizes: Int64[np.ndarray, "m 2"]
    skipped: list[dict[str, str]]
    repeats: Repeats

    @property
    def leaks(self) -> int:
        """How many sets of rows stand on both sides of the split."""
        return sum(len(one.leaks) for one in self.shared.values())


def as_json(found: Findings) -> dict[str, Any]:
    """Give everything as plain numbers and texts; sets of images are lists of ids."""
    ids, dataset = found.dataset.ids, found.dataset

    def named(sets: list[list[int]]) -> list[list[str]]:
        return [[ids[row] for row in rows] for rows in sets]

    sizes = _known(found.sizes)
    return {
        "dataset": dataset.name,
        "language": dataset.language,
        "data_hash": dataset.data_hash,
        "split_hash": dataset.split_hash,
        "images": len(ids),
        "train": len(dataset.train),
        "test": len(dataset.test),
        "captions": sum(map(len, dataset.captions)),
        "shared": {name: {"sets": named(one.sets), "leaks": named(one.leaks)} for name, one in found.shared.items()},
        "parts": {**asdict(found.parts), "fault": found.parts.fault},
        "reading": asdict(found.reading),
        "remarks": list(dataset.remarks),
        "repeats": asdict(found.repeats),
        "language_mix": {"asked": found.mix.asked, "others": found.mix.others, "examples": found.mix.examples},
        "width_height": {name: sizes[rows].tolist() for name, rows in _extremes(sizes).items()},
        "skipped": found.skipped,
    }


def as_text(found: Findings) -> Iterator[str]:
    """Give the lines that a person reads."""
    dataset = found.dataset
    per_image = Counter(map(len, dataset.captions))
    spread = f"{min(per_image)}" if len(per_image) == 1 else f"{min(per_image)} to {max(per_image)}"
    yield f"{dataset.name} ({dataset.language}): {len(dataset.ids):,} images, {len(dataset.train):,} to train on, " + (
        f"{len(dataset.test):,} to test on; {sum(map(len, dataset.captions)):,} captions, {spread} an image"
    )
    yield from (f"split: {remark}" for remark in dataset.remarks)
    yield from _skipped(found)
    for name, one in found.shared.items():
        yield f"{LEAKS[name]}: {one.rows:,} images in {len(one.sets):,} sets" + _examples(dataset, one.sets)
    if found.repeats.repeated:
        yield f"  {split_in_words(found.repeats)}"
    if any(found.repeats.batches.values()):
        yield f"  {batches_in_words(found.repeats)} (unique_captions: true draws batches without)"
    yield from _sizes(found)
    yield from _mix(found.mix)
    yield from _reading(found.reading)
    if found.parts.fault:
        yield f"TOO SMALL: {found.parts.fault}"
    elif remark := found.parts.remark():
        yield f"{'EASY' if found.parts.is_easy else 'chance'}: {remark}"
    for name, one in found.shared.items():
        if one.leaks:
            yield f"LEAK: {LEAKS[name]} on both sides of the split, {len(one.leaks):,} sets" + _examples(
                dataset, one.leaks
            )
    if not found.leaks:
        yield "No leak found between training and test images."


def _examples(dataset: PairDataset, sets: list[list[int]]) -> str:
    """Name the first images of the first sets, each with its caption."""
    shown = (
        " = ".join(f"{dataset.ids[row]} ({dataset.captions[row][0][:40]})" for row in rows[:2]) for rows in sets[:SHOWN]
    )
    return ": " + "; ".join(shown) + ("; ..." if len(sets) > SHOWN else "") if sets else ""


def _skipped(found: Findings) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for one in found.skipped:
        # A file's own reason begins with its name.
        reasons.setdefault(one["reason"].partition(": ")[2] or one["reason"], []).append(one["id"])
    yield f"skipped: {len(found.skipped):,} records" + (":" if reasons else "")
    for reason, ids in sorted(reasons.items(), key=lambda item: -len(item[1]))[: 2 * SHOWN]:
        yield f"  {len(ids):,}: {reason} ({', '.join(ids[:SHOWN])}{', ...' if len(ids) > SHOWN else ''})"


def _known(sizes: Int64[np.ndarray, "m 2"]) -> Int64[np.ndarray, "n 2"]:
    return sizes[(sizes > 0).all(axis=1)]


def _extremes(sizes: Int64[np.ndarray, "n 2"]) -> dict[str, int]:
    """Find the smallest, the median and the largest image, by their area, and the most oblong one."""
    if not len(sizes):
        return {}
    by_area, oblong = np.argsort(sizes.prod(axis=1), kind="stable"), sizes.max(axis=1) / sizes.min(axis=1)
    return {
        "smallest": int(by_area[0]),
        "median": int(by_area[len(by_area) // 2]),
        "largest": int(by_area[-1]),
        "most oblong": int(np.argmax(oblong)),
    }


def _sizes(found: Findings) -> Iterator[str]:
    sizes = _known(found.sizes)
    if not len(sizes):
        yield "sizes of the original images: none is known (drawings have none)"
        return
    shown = ", ".join(f"{name} {sizes[row][0]} x {sizes[row][1]}" for name, row in _extremes(sizes).items())
    small = int((sizes.min(axis=1) < found.image_size).sum())
    oblong = int((sizes.max(axis=1) > 2 * sizes.min(axis=1)).sum())
    yield f"sizes of the original images: {shown}"
    yield (
        f"  {small:,} are enlarged to {found.image_size} pixels; {oblong:,} are more than twice as long as wide, and "
        "lose their ends when the centre is cropped"
    )


def _reading(reading: Reading) -> Iterator[str]:
    said = reading.remarks()
    yield from (f"tokens: {remark}" for remark in said)
    if not said:
        yield f"tokens: {reading.model} reads every caption whole, and no two distinct ones alike"


def _mix(mix: LanguageMix) -> Iterator[str]:
    if not mix.known:
        yield f"language: whether captions are '{mix.language}' cannot be told here"
        return
    yield (
        f"language: of {mix.captions:,} captions {mix.asked:,} with {MIN_WORDS} words or more were looked at; shorter "
        "ones cannot be told reliably"
    )
    if not mix.others:
        yield f"  none of them looks like another language than {mix.language}"
    else:
        others = ", ".join(f"{count:,} {language}" for language, count in list(mix.others.items())[:SHOWN])
        share = sum(mix.others.values()) / mix.asked
        yield f"  {share:.1%} look like another language than {mix.language}: {others}; {'; '.join(mix.examples[:3])}"
