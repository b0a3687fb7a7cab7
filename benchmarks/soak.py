"""Question: does a long study leak, and is what it leaves complete, however often its processes are killed?

Command: python -m benchmarks.soak --trials 200   (half an hour on two cores; any number of trials above 40)
Expected: the driver's memory grows by less than 5 % after the first 20 trials of a run of the command, its open files
not at all; every trial has one row and ended well; the front is the one that its rows give.

Trials are of ``mini``, one epoch on 60 pairs. The driver is killed (SIGKILL) or preempted (SIGTERM) in the first half
of the study and resumed; the processes of trials are killed all through it. In the second half the driver runs
undisturbed, so that its memory is seen over half the trials.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from rich.console import Console

from benchmarks.soak_figures import MEASURED, Figures, faults_of, read_samples, write_samples
from benchmarks.soak_study import NAME, write_study

ROOT = Path(__file__).resolve().parents[1]
RUN = str(ROOT / "study" / "run.py")
LIMIT = 1200  # s that a trial may take before the soak is given up
SIGNALS = {"driver killed": signal.SIGKILL, "driver preempted": signal.SIGTERM}


def plan_of(trials: int, *, drivers: int, workers: int, seed: int) -> dict[int, str]:
    """Say what happens once so many trials have ended: drivers go in the first half, trials' processes all through.

    >>> plan_of(200, drivers=2, workers=1, seed=0)
    {51: 'driver killed', 99: 'driver preempted', 111: 'trial killed'}
    """
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(2, trials // 2), drivers))
    plan = {moment: list(SIGNALS)[i % 2] for i, moment in enumerate(moments)}
    left = [moment for moment in range(2, trials - 2) if moment not in plan]
    plan |= dict.fromkeys(chance.sample(left, workers), "trial killed")
    return dict(sorted(plan.items()))


def start(home: Path, *, trials: int) -> subprocess.Popen[bytes]:
    """Begin the study, or go on with it where there is one."""
    directory = home / "results" / NAME
    which = ["--resume", str(directory)] if directory.exists() else ["--space", f"{NAME}.yaml", "--name", NAME]
    new = [] if directory.exists() else ["--profile", "study", "--data-dir", "arasaac", "--trials", str(trials)]
    environment = {
        **os.environ,
        "MODALITY_GAP_CACHE": str(home / "cache"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, RUN, "--no-report", *which, *new],
            cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def ended(directory: Path) -> int:
    """Count the rows of trials."""
    path = directory / "trials.csv"
    return max(path.read_text(encoding="utf-8").count("\n") - 1, 0) if path.exists() else 0


def progress(process: subprocess.Popen[bytes], directory: Path, *, since: int) -> Iterator[int]:
    """Give the number of trials that have ended whenever it has grown, until the process is over."""
    seen, deadline = since, time.monotonic() + LIMIT
    while process.poll() is None:
        if (count := ended(directory)) > seen:
            seen, deadline = count, time.monotonic() + LIMIT
            yield count
        if time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"no trial has ended for {LIMIT} s; see {directory.parents[1] / 'log'}")
        time.sleep(0.2)


def do(what: str, process: subprocess.Popen[bytes], wait: float) -> None:
    """Kill what is to be killed, some moment later."""
    time.sleep(wait)
    if what in SIGNALS:
        process.send_signal(SIGNALS[what])
        process.wait()
        time.sleep(5)  # Ray's processes end on their own
    else:
        for child in psutil.Process(process.pid).children(recursive=True):
            if "ImplicitFunc" in " ".join(child.cmdline()):
                child.kill()


def soak(home: Path, *, trials: int, plan: dict[int, str], seed: int, console: Console) -> None:
    """Run the study to its end, with everything that is planned, and sample the driver after every trial."""
    directory, chance, leg = home / "results" / NAME, random.Random(seed), 0
    samples: list[tuple[int, int, float, float, int, int]] = []
    left = dict(plan)
    while True:
        leg += 1
        process = start(home, trials=trials)
        driver = psutil.Process(process.pid)
        for count in progress(process, directory, since=ended(directory)):
            try:
                memory = driver.memory_full_info()
                samples.append((leg, count, memory.rss / 1e6, memory.uss / 1e6, driver.num_fds(), driver.num_threads()))
            except psutil.Error:
                break  # the study has just ended
            write_samples(home / MEASURED, samples)
            for moment in [moment for moment in left if moment <= count]:
                console.print(f"{count} trials: {left[moment]}")
                do(left.pop(moment), process, chance.uniform(0.0, 3.0))
        if process.wait() == 0 and ended(directory) >= trials:
            return
        if process.returncode not in (-signal.SIGKILL, 128 + signal.SIGTERM):
            raise RuntimeError(f"the driver ended with code {process.returncode}; see {home / 'log'}")


def main() -> int:
    """Run the soak and print what it found; returns 0 if all is as expected, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200, metavar="N")
    parser.add_argument("--drivers", type=int, default=4, metavar="N", help="kills of the driver (default: 4)")
    parser.add_argument("--workers", type=int, default=8, metavar="N", help="kills of trials' processes (default: 8)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="a new one, kept (default: a temporary one)")
    arguments = parser.parse_args()
    if arguments.trials < 40:
        parser.error(f"--trials: expected 40 or more, got {arguments.trials}")
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        home = (arguments.directory or Path(temporary)).absolute()
        write_study(home)
        plan = plan_of(arguments.trials, drivers=arguments.drivers, workers=arguments.workers, seed=arguments.seed)
        began = time.monotonic()
        soak(home, trials=arguments.trials, plan=plan, seed=arguments.seed, console=console)
        figures = Figures.of(read_samples(home / MEASURED))
        faults = [*faults_of(home / "results" / NAME, trials=arguments.trials), *figures.faults()]
        minutes = (time.monotonic() - began) / 60
    console.print(f"{arguments.trials} trials in {minutes:.0f} minutes, {len(plan)} kills: {figures}")
    for fault in faults:
        console.print(fault, style="red")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
