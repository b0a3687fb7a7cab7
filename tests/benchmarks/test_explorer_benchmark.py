from itertools import islice

import pytest

from benchmarks.explorer import Browser, moves
from gap.losses import TERMS
from study.explore.sphere.controls import CLOUD, LOSS, SLIDERS, start


def test_every_control_is_measured() -> None:
    measured = set(moves(500, 3))
    assert {f"sphere-{name}.value" for name in (*CLOUD, *LOSS, "rate", "steps", "seed")} <= measured
    assert {f"sphere-weight-{name}.value" for name in ("ce", "m2_mix")} <= measured
    assert set(start()) - {f"weight-{name}" for name in TERMS} <= set(SLIDERS) | {"seed"}


@pytest.mark.parametrize("control", moves(10, 3))
def test_every_control_is_answered(control: str) -> None:
    browser = Browser(10, 3)
    expected = {
        "sphere-steps.value": 1, "sphere-lines.value": 1, "sphere-quantity.value": 1, "sphere-variable.value": 1,
        "sphere-step.data": 3, "sphere-fresh.n_clicks": 5, "sphere-preset.value": 5, "sphere-loss.value": 5,
    }  # fmt: skip
    for value in islice(moves(10, 3)[control], 2):
        requests, seconds, computed = browser.move(control, value)
        assert requests == expected.get(control, 4)
        assert seconds > 0
        assert computed > 0
