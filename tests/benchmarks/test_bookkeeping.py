from pathlib import Path

import pandas as pd
import pytest

from benchmarks.bookkeeping import KEPT, Bookkeeping, add_ended, measure


@pytest.fixture
def kept(tmp_path: Path) -> Bookkeeping:
    """Two trials put there at once, two recorded step by step, one left in the middle."""
    kept = Bookkeeping(tmp_path, trials=9)
    add_ended(kept.ledger, kept.spec, 2)
    kept.recorder.bring_up_to_date()
    for _ in range(2):
        kept.run_trial()
    kept.begin_trial(epochs=3)
    return kept


def test_tables_that_grew_are_the_ones_that_the_record_alone_gives(kept: Bookkeeping) -> None:
    files = sorted(path.name for path in kept.directory.glob("*.csv"))
    assert files == ["baseline.csv", "epochs.csv", "hypervolume.csv", "pareto.csv", "trials.csv"]
    grown = {name: (kept.directory / name).read_bytes() for name in files}
    for name in files:
        (kept.directory / name).unlink()
    Bookkeeping(kept.directory, trials=9).recorder.bring_up_to_date()
    assert {name: (kept.directory / name).read_bytes() for name in files} == grown
    assert grown["epochs.csv"].count(b"\n") == 1 + 4 * 11 + 4
    assert grown["epochs.csv"].count(b"RUNNING") == 4


def test_every_part_is_timed(tmp_path: Path) -> None:
    found = measure([3, 5], tmp_path, measured=1)
    assert {mark: len(trials) for mark, trials in found.items()} == {3: 1, 5: 1}
    assert all(trial[part] > 0 for trials in found.values() for trial in trials for part in KEPT)


def test_a_trial_that_is_stopped_before_its_first_report_is_recorded(tmp_path: Path) -> None:
    kept = Bookkeeping(tmp_path, trials=2)
    kept.recorder.on_trial_complete(0, [], kept.begin_trial(-1))
    (row,) = pd.read_csv(tmp_path / "trials.csv").to_dict("records")
    assert (row["trial_id"], row["state"], row["epoch"]) == ("t000", "STOPPED", 0)
