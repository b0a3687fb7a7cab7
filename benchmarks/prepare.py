"""How fast is a folder of images prepared, and does its memory stay the same as it grows?

Command: python -m benchmarks.prepare            (10,000 and 100,000 pairs: 10 minutes and 3 GB of disk on 2 cores)
         python -m benchmarks.prepare 1000 5000  (other sizes)

The images are JPEGs of 256 x 192 pixels, 2,000 different ones, every file with bytes of its own; captions differ. They
are prepared at 64 pixels. The peer is a plain loop: Pillow opens, converts, resizes and crops, one image after another,
into one array in memory. Each run has a process of its own; memory is what is held at the peak beyond what the imports
take, mapped files included. Expected: memory grows by less than 1 kB a pair, and the second call takes seconds.
"""

import argparse
import csv
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from benchmarks.isolated import run_module
from benchmarks.memory import peak
from benchmarks.rows import Row, make_table, single_row
from study.provenance import describe_hardware

SIZES = (10_000, 100_000)
DIFFERENT, SIDE, IMAGE_SIZE = 2_000, (256, 192), 64
SETTLE = 3.0  # s: a file that was just written is not trusted to stay, and is read twice


@dataclass(frozen=True)
class Cost:
    """Seconds and GB over the start of one run; ``again`` is the second call's, where there is one."""

    seconds: float
    resident_gb: float
    again: float | None = None


def write_pairs(directory: Path, pairs: int) -> Path:
    """Write a table and its images."""
    random = np.random.default_rng(0)
    different = []
    for _ in range(min(DIFFERENT, pairs)):
        blobs = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        blobs.resize(SIDE, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        different.append(buffer.getvalue())
    directory.mkdir(parents=True)
    with (directory / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "caption"])
        for number in range(pairs):
            folder = f"{number // 1_000:04d}"
            (directory / folder).mkdir(exist_ok=True)
            # What stands behind a JPEG's end is no part of the image.
            (directory / folder / f"{number:07d}.jpg").write_bytes(different[number % len(different)] + b"%d" % number)
            writer.writerow([f"{folder}/{number:07d}.jpg", f"a caption of some words for picture number {number}"])
    return directory


def ours(data: Path, cache: Path) -> Cost:
    """Prepare in this process, then once more."""
    from gap.data import prepare

    def run() -> float:
        began = time.perf_counter()
        prepare("folder", language="en", image_size=IMAGE_SIZE, data_dir=data, cache_dir=cache, progress=False)
        return time.perf_counter() - began

    with peak() as memory:
        seconds = run()
    return Cost(seconds, memory.resident_gb, run())


def plain_loop(data: Path, cache: Path) -> Cost:
    """Decode one image after another into an array."""
    cache.mkdir()
    with peak() as memory:
        began = time.perf_counter()
        with (data / "pairs.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        array = np.empty((len(rows), IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
        for place, row in enumerate(rows):
            with Image.open(data / row["image"]) as image:
                width, height = (round(IMAGE_SIZE * side / min(image.size)) for side in image.size)
                resized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
                left, top = (width - IMAGE_SIZE) // 2, (height - IMAGE_SIZE) // 2
                array[place] = np.asarray(resized.crop((left, top, left + IMAGE_SIZE, top + IMAGE_SIZE)))
        np.save(cache / "images.npy", array)
        (cache / "captions.json").write_text(json.dumps([row["caption"] for row in rows]), encoding="utf-8")
        seconds = time.perf_counter() - began
    return Cost(seconds, memory.resident_gb)


WAYS: dict[str, Callable[[Path, Path], Cost]] = {"ours": ours, "plain": plain_loop}


def measure(pairs: int, home: Path) -> dict[str, Cost]:
    """Run every way on so many pairs."""
    data = write_pairs(home / f"{pairs}", pairs)
    time.sleep(SETTLE)
    found = {}
    for way in WAYS:
        line = run_module("benchmarks.prepare", "--way", way, str(data), str(home / f"{pairs}-{way}"))
        found[way] = Cost(**json.loads(line))
    return found


def cost_rows(costs: dict[int, dict[str, Cost]]) -> list[Row]:
    """Compare the ways at every size, and the sizes with each other."""
    rows = []
    for pairs, of_size in costs.items():
        own, plain = of_size["ours"], of_size["plain"]
        speed = f"{pairs / own.seconds:,.0f} and {pairs / plain.seconds:,.0f} pairs/s"
        rows.append(single_row(f"time, {pairs:,} pairs", "plain loop", own.seconds / plain.seconds, speed))
        if own.again is not None:
            note = f"{own.again:.1f} and {own.seconds:.1f} s"
            rows.append(single_row(f"the second call, {pairs:,} pairs", "the first", own.again / own.seconds, note))
        held = f"{own.resident_gb * 1e3:.0f} and {plain.resident_gb * 1e3:.0f} MB"
        ratio = own.resident_gb / plain.resident_gb
        rows.append(single_row(f"peak memory, {pairs:,} pairs", "plain loop", ratio, held))
    least, most = min(costs), max(costs)
    if least < most:
        small, large = (costs[pairs]["ours"].resident_gb for pairs in (least, most))
        each = (large - small) * 1e9 / (most - least)
        note = f"{large * 1e3:.0f} and {small * 1e3:.0f} MB: {each:.0f} bytes a pair"
        rows.append(single_row(f"peak memory, {most:,} pairs", f"{least:,} pairs", large / small, note))
    return rows


def parse_arguments(command: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prepare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", type=int, metavar="PAIRS", help="default: 10000 100000")
    return parser.parse_args(command)


def main(command: Sequence[str] | None = None) -> None:
    """Measure and print."""
    sizes = parse_arguments(command).sizes or SIZES
    with tempfile.TemporaryDirectory() as home:
        costs = {}
        for pairs in sizes:
            print(f"{pairs:,} pairs", file=sys.stderr, flush=True)
            costs[pairs] = measure(pairs, Path(home))
    hardware = ", ".join(f"{name} {value}" for name, value in describe_hardware("cpu").items())
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(hardware)
    console.print(make_table(cost_rows(costs)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        print(json.dumps(asdict(WAYS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4])))))
    else:
        main()
