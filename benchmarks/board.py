"""Question: what does it cost that a trial can be looked at?

Command: python -m benchmarks.board  (a trial of the rehearsal, two epochs of mini: about a minute on 2 cores)
Expected: less than 3 % of the trial's time, less than 5 MB on TensorBoard.

One trial is trained as a study trains it. Counted are, in the trial's process, histograms of cosines and the embeddings
that checkpoints take along, and in the driver all that TensorBoard and cosines/ get, with what a study reports.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.clock import Clock
from gap.data import open_dataset, prepare
from gap.models.load import load_clip
from gap.training.config import TrialConfig
from gap.training.fit import fit
from study.cosines import add_cosines
from study.live.board import Board
from study.live.curves import Curves
from study.profiles import load_profile
from study.provenance import describe_hardware
from study.seen import Seen
from study.space_file import find_space
from study.tables import is_value, parameters
from study.trainable import trial_parameters

TRIAL = "t000"
TRIAL_PROCESS, DRIVER = "in the trial's process", "in the driver"


def measure(home: Path) -> tuple[float, dict[str, float], int]:
    """Run the trial; returns its seconds, of these and beside them what looking took, and the bytes on TensorBoard."""
    spec = load_profile(find_space("arasaac_es.yaml"), "rehearsal", {}, None)
    size = load_clip(spec.model, spec.pretrained, spec.weight_settings).image_size
    data = prepare(spec.dataset, language=spec.language, image_size=size, prompt=spec.prompt)
    config = trial_parameters(spec, data=data, device="cpu")
    clock = Clock()
    board, seen = Board(Curves(home / "tensorboard"), open_dataset(data)), Seen(home)

    def start() -> None:
        board.start(TRIAL, parameters(spec, config))

    def show(epoch: int, values: dict[str, float]) -> None:
        board.epoch(TRIAL, epoch, values, weights={}, cosines=seen.cosines(epoch))
        add_cosines(home, TRIAL, epoch, seen.cosines(epoch))

    def end() -> None:
        board.pictures(TRIAL, home, spec.epochs)
        board.end(TRIAL, "COMPLETE")

    began = time.perf_counter()
    clock.timed(DRIVER, start)()
    for report in fit(TrialConfig.model_validate(config), look=clock.timed(TRIAL_PROCESS, seen.look)):
        values = {name: value for name, value in report.items() if is_value(name)}
        clock.timed(DRIVER, show)(int(report["epoch"]), values)
    clock.timed(DRIVER, end)()
    seconds = time.perf_counter() - began
    written = sum(path.stat().st_size for path in (home / "tensorboard").rglob("*") if path.is_file())
    return seconds, dict(clock.seconds), written


def main() -> None:
    """Print the shares."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.board", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    console = Console(highlight=False)
    hardware = ", ".join(f"{name} {value}" for name, value in describe_hardware("cpu").items())
    console.print(f"{hardware}, torch {torch.__version__}", soft_wrap=True)
    with tempfile.TemporaryDirectory() as home:
        seconds, looking, written = measure(Path(home))
    for name, spent in looking.items():
        console.print(f"{name}: {spent:.2f} s, {spent / seconds:.1%} of a trial of {seconds:.0f} s")
    console.print(f"on TensorBoard: {written / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
