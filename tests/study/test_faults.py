"""What the system, SQLite, PyTorch and safetensors say of a full disk and its like, in one line each."""

import errno
import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from small_disk import on_small_disk
from sqlalchemy.exc import SQLAlchemyError

from gap.errors import UnavailableError, UserError
from study.faults import OF_FILES, fault_in
from study.ledger import Ledger, open_storage, open_study

# Fills a disk of 1 MB with what a study writes there, and prints what each writer's error becomes.
WRITERS = """\
import os, sys
from pathlib import Path
import pandas as pd, torch
from safetensors.torch import save_file
from study.faults import fault_in
from study.ledger import Ledger, open_storage, open_study
from gap.data.whole_files import replace_file
from study.whole_files import GrowingFile
disk = Path(sys.argv[1])
ledger = Ledger(open_study(open_storage(disk / "optuna.db"), "a", {"recall_at_1": "max"}), owner="me")
number = ledger.ask().number
grown = GrowingFile(disk / "epochs.csv")
grown.replace(b"a,b\\n")
grown.grow(b"1,2\\n")
(disk / "trials.csv").write_text("whole")
with (disk / "filler").open("wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(512))
    except OSError:
        pass
big = torch.zeros(100_000)
writers = {
    "table": lambda: replace_file(disk / "trials.csv", lambda part: pd.DataFrame({"a": range(9999)}).to_csv(part)),
    "grown": lambda: grown.grow(b"3,4\\n" * 9999),
    "record": lambda: ledger.add_epoch(number, 0, {"recall_at_1": 1.0, "more": "x" * 100_000}),
    "state": lambda: torch.save({"big": big}, disk / "state.pt"),
    "adapter": lambda: save_file({"big": big}, disk / "a.safetensors"),
}
for name, write in writers.items():
    try:
        write()
    except Exception as error:
        print(name, fault_in(error, disk), sep="|")
(disk / "filler").unlink()
for left in ("state.pt", "a.safetensors"):
    (disk / left).unlink(missing_ok=True)
grown.grow(b"3,4\\n") or grown.replace(b"a,b\\n1,2\\n3,4\\n")
ledger.add_epoch(number, 0, {"recall_at_1": 1.0})
print("afterwards", (disk / "trials.csv").read_text(), (disk / "epochs.csv").read_text().split(), sep="|")
print("left", sorted(path.name for path in disk.iterdir() if path.name.startswith(".trials")), sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk as Linux does")
def test_a_full_disk_is_told_of_whoever_meets_it_and_hurts_no_file(tmp_path: Path) -> None:
    output = on_small_disk([sys.executable, "-c", WRITERS, str(tmp_path)], tmp_path)
    told = dict(line.split("|", 1) for line in output.splitlines())
    full = "no space left on the disk of {}: make room"
    assert told["table"] == full.format(tmp_path / "trials.csv")
    assert told["grown"] == full.format(tmp_path / "epochs.csv")
    assert told["record"] == full.format("optuna.db")
    assert told["adapter"] == full.format(tmp_path)
    assert told["state"] == f"a file on the disk of {tmp_path} could not be written whole: make room"
    assert told["afterwards"] == "whole|['a,b', '1,2', '3,4']"
    assert told["left"] == "[]"


@pytest.mark.parametrize("number", OF_FILES)
def test_the_file_is_named_where_it_is_known(number: int) -> None:
    known, unknown = OSError(number, os.strerror(number), "trials.csv"), OSError(number, os.strerror(number))
    assert "trials.csv" in (fault_in(known, "results") or "")
    assert "results" in (fault_in(unknown, "results") or "")


def test_what_is_behind_an_error_is_found() -> None:
    wrapped = RuntimeError("Trials did not complete")
    wrapped.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert fault_in(wrapped, "here") == "no space left on the disk of here: make room"
    wrapped.__cause__ = UnavailableError("the data are gone")
    assert fault_in(wrapped, "here") == "the data are gone"
    wrapped.__cause__ = wrapped  # goes round
    assert fault_in(wrapped, "here") is None


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no"), ValueError("x"), OSError("no number")])
def test_an_error_of_the_program_is_none_of_the_machine(error: Exception) -> None:
    assert fault_in(error, "here") is None


@pytest.mark.parametrize("cut", [100, 20_000])
def test_a_record_that_is_cut_short_is_damaged(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "optuna.db"
    ledger = Ledger(open_study(open_storage(path), "a", {"recall_at_1": "max"}), owner="me")
    for _ in range(9):
        ledger.ask()
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises((UserError, StorageInternalError, SQLAlchemyError)) as caught:
        open_study(open_storage(path), "a", {"recall_at_1": "max"}).get_trials()
    assert fault_in(caught.value, tmp_path) == "optuna.db is damaged: put a copy of it back"


def test_a_record_that_may_not_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "optuna.db"
    sqlite3.connect(path).execute("create table a (b)")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("insert into a values (1)")
    assert (fault_in(caught.value, tmp_path) or "").startswith("optuna.db cannot be written to")
    assert stat.S_ISREG(path.stat().st_mode)
