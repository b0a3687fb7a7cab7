from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.recorder import better, is_value, keep_adapters, parameters, reason
from study.space import load_space

SPACE = """\
dataset: pictograms
search:
  terms: {choices: [ce, ce+variance]}
  beta: {low: -1, high: 1, default: 1, when: variance}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Any:
    path = tmp_path / "s.yaml"
    path.write_text(SPACE)
    return load_space(path)


def test_a_parameter_without_use_is_empty(spec: Any) -> None:
    config = {"terms": "ce", "beta": 0.5, "rank": 8, "seed": 0, "weights": {}, "number": 0}
    assert parameters(spec, config) == {"terms": "ce", "beta": None, "rank": 8}
    assert parameters(spec, {**config, "terms": "ce+variance"})["beta"] == 0.5


def test_the_best_epoch_is_the_first_best_by_the_first_objective(spec: Any) -> None:
    rows = [{"epoch": epoch, "recall_at_1": recall} for epoch, recall in ((1, 4.0), (2, 6.0), (3, 6.0), (4, 5.0))]
    best = None
    for row in rows:
        best = better(best, row, spec)
    assert best == rows[1]


def test_own_numbers_are_told_from_rays() -> None:
    names = ("recall_at_1", "term_ce", "last_lr", "time_total_s", "pid", "done")
    assert [is_value(name) for name in names] == [True] * 3 + [False] * 3


def test_a_reason_is_one_line() -> None:
    error = RuntimeError(
        "ray::run_trial() (pid=1)\n  File ...\ngap.training.errors.NonFiniteError: step 3: loss is nan\n"
    )
    assert reason(SimpleNamespace(get_error=lambda: error)) == "gap.training.errors.NonFiniteError: step 3: loss is nan"  # type: ignore[arg-type]
    assert reason(SimpleNamespace(get_error=lambda: ValueError())) == "ValueError"  # type: ignore[arg-type]


def test_only_the_front_keeps_its_adapters(tmp_path: Path) -> None:
    keep_adapters(tmp_path / "none", {"t000"})
    for name in ("t000", "t001"):
        (tmp_path / name).mkdir()
    keep_adapters(tmp_path, {"t001"})
    assert [path.name for path in tmp_path.iterdir()] == ["t001"]
