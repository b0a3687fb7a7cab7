import math
import sys

import pytest
import torch
from torch import Tensor

from gap.losses import TERMS
from gap.losses.page import IMAGES, PAGE, TEXTS, describe, main, page, slopes


def test_the_committed_page_is_what_the_registry_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    monkeypatch.setattr(sys, "argv", ["page"])
    assert main() == 0
    assert capsys.readouterr().out == page()


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_described(name: str) -> None:
    about = describe(name)
    assert all(about.values())
    assert f"## `{name}`\n" in page()


@pytest.mark.parametrize("name", TERMS)
def test_slopes_are_those_of_finite_differences(name: str) -> None:
    def loss(degrees: list[float]) -> float:
        angles = torch.tensor(degrees, dtype=torch.float64) * math.pi / 180
        points: Tensor = torch.stack([angles.cos(), angles.sin()], dim=1)
        # What a term holds without gradient stays as it is when a text moves.
        return TERMS[name](points[:2], points[2:]).item()

    start, step = [*IMAGES, *TEXTS], 1e-3
    for index, slope in enumerate(slopes(name)):
        if name == "intra_separation" and index >= 2:
            continue  # its distances between texts carry no gradient, a finite difference would move them
        high, low = ([*start[:index], start[index] + sign * step, *start[index + 1 :]] for sign in (1, -1))
        assert slope == pytest.approx(-(loss(high) - loss(low)) / (2 * step * math.pi / 180), abs=1e-6)
