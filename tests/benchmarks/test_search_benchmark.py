import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from optuna.trial import TrialState
from rich.console import Console

from benchmarks.search import settings_and_space
from benchmarks.search_report import by_epoch, draw, improvement, make_table, rows
from benchmarks.searches import METHODS, OURS, OURS_STOPPING, RANDOM, RAY, SYNE, Ended, Options, never_stops, run_search
from benchmarks.surrogate import Values
from study.distributions import Choices, Dimension, Range

SPACE: dict[str, Dimension] = {
    "terms": Choices(choices=("ce", "ce+centroid")),
    "weight_centroid": Range(low=0.1, high=10, log=True, when=("centroid",)),
    "rank": Choices(choices=(4, 8)),
}
EPOCHS = 4


def curve(parameters: Mapping[str, Any]) -> Iterator[Values]:
    """A formula in place of training: a weight costs recall and closes the gap."""
    weight = parameters.get("weight_centroid", 0.0)
    for epoch in range(1, EPOCHS + 1):
        yield 10.0 + epoch - weight, 1 / (1 + weight * epoch)


class Scripted:
    """Proposes numbers and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, TrialState, Values | None]] = []

    def ask(self, number: int) -> dict[str, Any]:
        return {"number": number}

    def tell(self, number: int, state: TrialState, values: Values | None) -> None:
        self.told.append((number, state, values))


def search(method: str, seed: int, budget: int = 60) -> list[Ended]:
    proposer, goes_on = METHODS[method](SPACE, seed, EPOCHS, Options(reduction_factor=2, startup_trials=3))
    return run_search(proposer, goes_on, curve, budget=budget, epochs=EPOCHS)


def test_epochs_are_counted_and_only_complete_trials_have_values() -> None:
    proposer = Scripted()
    ended = run_search(
        proposer,
        lambda trial, epoch, values: trial != "1" or epoch < 2,
        lambda parameters: iter([(float(epoch), 0.5) for epoch in range(1 if parameters["number"] == 2 else EPOCHS)]),
        budget=15,
        epochs=EPOCHS,
    )
    # Full, stopped after 2, failed in the 2nd epoch, full; 3 epochs are left for a trial that the budget cuts short.
    assert [(trial.spent, trial.state.name) for trial in ended] == [
        (4, "COMPLETE"), (6, "PRUNED"), (8, "FAIL"), (12, "COMPLETE"),
    ]  # fmt: skip
    assert [trial.values for trial in ended] == [(3.0, 0.5), None, None, (3.0, 0.5)]
    assert [told[2] for told in proposer.told] == [(3.0, 0.5), None, None, (3.0, 0.5)]


@pytest.mark.parametrize("method", [method for method in METHODS if method != SYNE])
def test_a_seed_decides_a_search(method: str) -> None:
    first = search(method, 0)
    assert first == search(method, 0)
    assert first != search(method, 1)
    for trial in first:
        assert ("weight_centroid" in trial.parameters) == (trial.parameters["terms"] == "ce+centroid")


def test_full_trials_fill_the_budget_and_stopped_ones_make_room_for_more() -> None:
    assert len(search(RANDOM, 0)) == len(search(RAY, 0)) == len(search(OURS, 0)) == 60 // EPOCHS
    stopping = search(OURS_STOPPING, 0)
    assert len(stopping) > 60 // EPOCHS
    assert {trial.state for trial in stopping} == {TrialState.COMPLETE, TrialState.PRUNED}


def test_ours_without_early_stopping_and_ray_s_own_search_make_the_same_trials() -> None:
    by_default = run_search(
        *METHODS[OURS](SPACE, 3, EPOCHS, Options()), curve, budget=120, epochs=EPOCHS
    )  # past the random ones
    assert by_default == search(RAY, 3, budget=120)


def test_hypervolume_counts_what_beats_the_reference() -> None:
    reference = (10.0, 0.5)
    assert improvement([], reference) == 0
    assert improvement([(11.0, 0.6), (9.0, 0.1)], reference) == 0
    assert improvement([(12.0, 0.4), (11.0, 0.1), (11.0, 0.3)], reference) == pytest.approx(2 * 0.1 + 1 * 0.3)


def test_table_and_picture(tmp_path: Path) -> None:
    reference = (8.0, 1.0)
    made: list[dict[str, object]] = []
    for method in (RAY, OURS_STOPPING):
        for seed in (0, 1):
            made += rows(method, seed, search(method, seed), reference)
    trials = pd.DataFrame(made)
    volumes = by_epoch(trials[trials["method"] == RAY], 60)
    assert volumes.shape == (2, 61)
    assert (np.diff(volumes, axis=1) >= 0).all()
    assert (volumes[:, EPOCHS - 1] == 0).all()
    assert (volumes[:, EPOCHS] > 0).all()

    table = make_table(trials, budget=60, peer=RAY, reference=reference, limits={"few": (OURS_STOPPING, 5)})
    shown = io.StringIO()
    Console(width=250, file=shown).print(table)
    text = shown.getvalue()
    assert f"{np.median(volumes[:, -1]):.3f} [" in text
    assert "100%" in text
    assert len(table.rows) == 3
    draw(trials, budget=60, title="a search", picture=tmp_path / "search.svg")
    assert "svg" in (tmp_path / "search.svg").read_text()


def test_the_space_is_the_one_of_the_study() -> None:
    settings, space = settings_and_space(10)
    assert {"terms", "alpha", "beta", "rank", "weight_centroid"} <= set(space)
    assert (settings.epochs, settings.batch_size, settings.lr) == (10, 90, 3e-3)
    assert never_stops("0", 1, (0.0, 0.0))
