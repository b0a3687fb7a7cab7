from collections import Counter

import pandas as pd
import pytest

from benchmarks.soak import plan_of
from benchmarks.soak_figures import COLUMNS, Figures


def samples(growth: float, *, trials: int = 60, files: int = 0) -> pd.DataFrame:
    """One leg cut short, then one that grows by ``growth`` of what it has at its 20th trial."""
    rows = [(1, trial, 900.0, 800.0, 40, 30) for trial in range(1, 11)]
    for trial in range(trials):
        own = 500.0 if trial < 20 else 500 * (1 + growth * (trial - 20) / (trials - 21))
        rows.append((2, 11 + trial, own + 100, own, 40 + files * (trial == trials - 1), 30))
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize(("growth", "wrong"), [(0.0, 0), (0.04, 0), (0.06, 1), (-0.2, 0)])
def test_only_growth_after_the_first_trials_of_the_longest_run_counts(growth: float, wrong: int) -> None:
    figures = Figures.of(samples(growth))
    assert figures.growth == pytest.approx(growth)
    assert (figures.trials, figures.first_mb, figures.legs) == (40, 500.0, 2)
    assert len(figures.faults()) == wrong


def test_an_open_file_more_is_found() -> None:
    assert Figures.of(samples(0.0, files=1)).faults() == ["open files went from 40 to 41"]


def test_a_soak_that_was_too_short_says_so() -> None:
    with pytest.raises(ValueError, match=r"expected a leg of more than 21 trials, got 21"):
        Figures.of(samples(0.0).iloc[:31])


def test_every_kill_has_its_moment() -> None:
    plan = plan_of(200, drivers=4, workers=8, seed=3)
    assert Counter(plan.values()) == {"driver killed": 2, "driver preempted": 2, "trial killed": 8}
    assert max(moment for moment, what in plan.items() if what != "trial killed") < 100
    assert list(plan) == sorted(plan)
    assert plan != plan_of(200, drivers=4, workers=8, seed=4)
