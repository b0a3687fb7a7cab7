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
from gap.data.images import ARRAY

RECORDS = 120
NEVER = 10**18  # no file is trusted for its times, however long a test takes
# Prepares a dataset once a line comes in. The given call of the given function waits until the process is killed.
# Where the tests run in the background, Ctrl-C is ignored, and so it would be here.
PROGRAM = """
import json, pkgutil, signal, sys, time
from pathlib import Path
from gap.data import images, prepare, stamps

signal.signal(signal.SIGINT, signal.default_int_handler)

copy, cache, language, settled, place, name, held_call = json.loads(sys.argv[1])
rows, calls = [], []
decode = images.decode

def slow_decode(*arguments):
    rows.append(1)
    time.sleep(0.002)
    return decode(*arguments)

images.decode = slow_decode
stamps.SETTLED_NS = settled
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
    copy: Path,
    cache: Path,
    *,
    language: str = "es",
    settled: int = NEVER,
    hold: tuple[str, str, int] = ("time:", "sleep", 0),
) -> subprocess.Popen[str]:
    """Start a process that is ready to prepare the copy."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps([str(copy), str(cache), language, settled, *hold])],
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


@pytest.fixture(autouse=True)
def _no_file_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gap.data.stamps.SETTLED_NS", NEVER)


def prepare_here(copy: Path, cache: Path) -> Path:
    return prepare("arasaac", language="es", image_size=6, data_dir=copy, cache_dir=cache, progress=False)


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(("gap.data.images:", "decode", 60), id="amid the images"),
        pytest.param(("gap.data.images:", "add_to_journal", 1), id="rows written, not yet in the journal"),
        pytest.param(("pathlib:Path", "replace", 2), id="all images written, not yet in place"),
        pytest.param(("gap.data.prepare:", "describe_split", 1), id="images in place, nothing else"),
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


@pytest.mark.parametrize(
    ("settled", "end"),
    [(0, signal.SIGINT), (NEVER, signal.SIGKILL)],
    ids=["hashed meanwhile, Ctrl-C", "hashed first, killed"],
)
def test_it_goes_on_where_it_was_ended(
    copy: Path, cache: Path, processes: list[subprocess.Popen[str]], settled: int, end: signal.Signals
) -> None:
    # Held in the main thread; the processes of a test are in its terminal's group, so the signal goes to one alone.
    processes.append(start(copy, cache, settled=settled, hold=("gap.data.images:", "add_to_journal", 2)))
    wait_until_held(processes[0])
    processes[0].send_signal(end)
    assert processes[0].wait(30) != 0
    assert len(list((cache / "images").glob("*.part"))) == 1
    assert not list((cache / "images").glob(f"*[!t]/{ARRAY}"))
    processes.append(start(copy, cache, settled=settled))
    go(processes[1])
    path, rows = json.loads(processes[1].communicate(timeout=60)[0])
    assert rows == RECORDS - 64  # the first chunk was done
    quiet = prepare_here(copy, cache.with_name("quiet"))
    assert contents(Path(path)) == contents(quiet)
    assert not list(cache.rglob("*.part"))


def test_prepared_again_nothing_is_read_and_a_changed_file_is_seen(
    copy: Path, cache: Path, processes: list[subprocess.Popen[str]]
) -> None:
    def run() -> str:
        processes.append(start(copy, cache, settled=0))
        go(processes[-1])
        return processes[-1].communicate(timeout=60)[0]

    path, rows = json.loads(run())
    assert rows == RECORDS
    processes.append(start(copy, cache, settled=0, hold=("pathlib:Path", "read_bytes", 1)))
    go(processes[-1])
    assert json.loads(processes[-1].communicate(timeout=60)[0]) == [path, 0]  # held, had it read anything
    (copy / "images" / "9.png").write_bytes((copy / "images" / "8.png").read_bytes())
    other, rows = json.loads(run())
    assert other != path
    assert rows == RECORDS


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
