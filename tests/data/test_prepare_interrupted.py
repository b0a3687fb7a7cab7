"""A preparing process is killed, or not alone: what is then in the cache is whole, and equal to a quiet run's."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_copy import contents, write_copy

from gap.data import prepare
from gap.data.dataset import IMAGES

RECORDS = 120
# Prepares a dataset once a line comes in. The given call of the given function waits until the process is killed.
# Where the tests run in the background, Ctrl-C is ignored, and so it would be here.
PROGRAM = """
import json, pkgutil, signal, sys, time
from pathlib import Path
from gap.data import images, prepare

signal.signal(signal.SIGINT, signal.default_int_handler)

copy, cache, language, place, name, held_call = json.loads(sys.argv[1])
rows, calls = [], []
write_row = images._write_row

def slow_row(*arguments):
    rows.append(1)
    time.sleep(0.002)
    return write_row(*arguments)

images._write_row = slow_row
holder = pkgutil.resolve_name(place)
original = getattr(holder, name)

def hold(*arguments, **keywords):
    calls.append(1)
    if len(calls) == held_call:
        print("held", flush=True)
        time.sleep(600)
    return original(*arguments, **keywords)

setattr(holder, name, hold)
print("ready", flush=True)
sys.stdin.readline()
path = prepare("arasaac", language=language, image_size=6, data_dir=Path(copy), cache_dir=Path(cache), progress=False)
print(json.dumps([str(path), len(rows)]))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Records in two languages with one corrupt image, so that rows are dropped as well."""
    for language in ("es", "en"):
        words = {number: [f"{language} {number // 2}"] for number in range(RECORDS)}
        write_copy(tmp_path / "copy", words, language=language, pictures={5: b"<html>"})
    return tmp_path / "copy"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start(
    copy: Path, cache: Path, *, language: str = "es", hold: tuple[str, str, int] = ("time:", "sleep", 0)
) -> subprocess.Popen[str]:
    """Start a process that is ready to prepare the copy."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps([str(copy), str(cache), language, *hold])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def wait_until_held(process: subprocess.Popen[str]) -> None:
    go(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"


def prepare_here(copy: Path, cache: Path) -> Path:
    return prepare("arasaac", language="es", image_size=6, data_dir=copy, cache_dir=cache, progress=False)


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(("gap.data.images:", "_write_row", 60), id="amid the images"),
        pytest.param(("pathlib:Path", "replace", 1), id="a row dropped, the smaller array not yet in place"),
        pytest.param(("pathlib:Path", "replace", 2), id="all images written, not yet in place"),
        pytest.param(("gap.data.prepare:", "_describe", 1), id="images in place, nothing else"),
        pytest.param(("pathlib:Path", "replace", 3), id="the dataset written, not yet in place"),
    ],
)
def test_killed_and_run_again(
    copy: Path, cache: Path, processes: list[subprocess.Popen[str]], hold: tuple[str, str, int]
) -> None:
    quiet = cache.with_name("quiet")
    expected = prepare_here(copy, quiet)
    processes.append(start(copy, cache, hold=hold))
    wait_until_held(processes[0])
    processes[0].kill()
    assert processes[0].wait() == -signal.SIGKILL
    whole = {name: data for name, data in contents(cache).items() if ".part" not in name}
    assert whole.items() <= contents(quiet).items()
    assert prepare_here(copy, cache).name == expected.name
    assert contents(cache) == contents(quiet)


def test_control_c_leaves_nothing(copy: Path, cache: Path, processes: list[subprocess.Popen[str]]) -> None:
    # Held in the main thread; the processes of a test are in its terminal's group, so the signal goes to one alone.
    processes.append(start(copy, cache, hold=("gap.data.images:", "_drop_rows", 1)))
    wait_until_held(processes[0])
    processes[0].send_signal(signal.SIGINT)
    assert processes[0].wait(30) != 0
    assert contents(cache) == {}
    assert not list(cache.rglob("*.part"))


def test_a_waiting_process_takes_over_from_a_killed_one(
    copy: Path, cache: Path, processes: list[subprocess.Popen[str]]
) -> None:
    processes.append(start(copy, cache, hold=("pathlib:Path", "replace", 2)))
    wait_until_held(processes[0])
    found: list[Path] = []
    waiting = threading.Thread(target=lambda: found.append(prepare_here(copy, cache)))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    processes[0].kill()
    waiting.join(30)
    assert contents(found[0]) == contents(prepare_here(copy, cache.with_name("quiet")))


def test_several_processes_at_once_do_the_work_once(
    copy: Path, cache: Path, processes: list[subprocess.Popen[str]]
) -> None:
    for language in ("es", "es", "en"):
        processes.append(start(copy, cache, language=language))
    for process in processes:
        go(process)
    outcomes = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(rows for _, rows in outcomes) == [0, 0, RECORDS]
    paths = [Path(path) for path, _ in outcomes]
    assert paths[0] == paths[1] != paths[2]
    assert (paths[0] / IMAGES).samefile(paths[2] / IMAGES)
    assert contents(paths[0]) == contents(prepare_here(copy, cache.with_name("quiet")))
    assert not list(cache.rglob("*.part"))
