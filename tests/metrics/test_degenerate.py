"""Every registered metric on models that say nothing: finite, in range, and the documented value."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import METRICS, effective_rank, evaluate, modality_gap, relative_modality_gap

N = 24


def unit(n: int, d: int, seed: int) -> Tensor:
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def models(d: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Images and texts of models that went wrong, none along an axis."""
    x, y = unit(N, d, 1), unit(N, d, 2)
    point = unit(1, d, 3).repeat(N, 1)
    return {
        "one point": (point, point),
        "a point each": (point, -point),
        "one point of images": (point, y),
        "antipodal": (x, -x),
        "equal": (x, x),
        "duplicates": (x[: N // 2].repeat(2, 1), y[: N // 2].repeat(2, 1)),
        "a line": (point * torch.tensor([1.0, -1.0]).repeat(N // 2)[:, None], point),
        "rounding": (F.normalize(point * (1 + 1e-7 * y), dim=1), F.normalize(point * (1 - 1e-7 * x), dim=1)),
    }


def scores(x: Tensor, y: Tensor) -> dict[str, float]:
    index = np.arange(len(x))
    return evaluate(x, y, image_of_text=index, caption_ids=index, pool_size=10)


@pytest.mark.parametrize("d", [2, 17, 768])
@pytest.mark.parametrize("name", models(2))
def test_every_metric_is_finite_and_in_its_range(name: str, d: int) -> None:
    found = scores(*models(d)[name])
    assert set(found) == set(METRICS)
    for metric, value in found.items():
        assert math.isfinite(value), metric
        assert METRICS[metric].low - 1e-6 <= value <= METRICS[metric].high + 1e-6, metric


NOTHING = {
    "modality_gap": 0.0,
    "relative_modality_gap": 0.0,
    "image_effective_rank": 0.0,
    "text_effective_rank": 0.0,
    "image_cka_base": 0.0,
    "text_cka_base": 0.0,
    "cka_modalities": 0.0,
    "linear_separability": 50.0,
    "recall_at_1": 0.0,
    "full_recall_at_10": 0.0,
    "full_median_rank": float(N),
}


@pytest.mark.parametrize("d", [3, 17, 384, 768])
def test_one_point_has_the_documented_values(d: int) -> None:
    found = scores(*models(d)["one point"])
    assert {name: found[name] for name in NOTHING} == NOTHING
    for name in ("misalignment", "centred_residual", "uniformity"):
        assert found[name] == pytest.approx(0, abs=1e-6)
    for name in ("image_cone_mean", "image_cone_min", "image_mean_norm"):
        assert found[name] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("d", [17, 768])
def test_what_rounding_leaves_of_one_point_is_no_structure(d: int) -> None:
    found = scores(*models(d)["rounding"])
    names = ("relative_modality_gap", "image_effective_rank", "text_effective_rank", "cka_modalities")
    assert [found[name] for name in names] == [0, 0, 0, 0]


@pytest.mark.parametrize("d", [3, 768])
def test_the_gap_of_two_points_and_of_antipodes(d: int) -> None:
    apart = scores(*models(d)["a point each"])
    assert apart["modality_gap"] == pytest.approx(2)
    assert apart["relative_modality_gap"] == 1
    assert apart["linear_separability"] == 100
    equal = scores(*models(d)["equal"])
    assert (equal["relative_modality_gap"], equal["full_recall_at_1"]) == (0, 100)
    assert equal["cka_modalities"] == pytest.approx(1)


@pytest.mark.parametrize("spread", [1e-3, 1e-5])
def test_a_narrow_cone_keeps_its_structure(spread: float) -> None:
    # Far above rounding: the ratio is that of the same cloud, blown up.
    x = F.normalize(unit(1, 64, 1).double() + spread * unit(200, 64, 2).double(), dim=1)
    y = F.normalize(unit(1, 64, 1).double() + spread * unit(200, 64, 3).double(), dim=1)
    assert relative_modality_gap(x, y).item() == pytest.approx(0.5, abs=0.02)
    assert relative_modality_gap(x.float(), y.float()).item() == pytest.approx(0.5, abs=0.02)
    assert effective_rank(x.float()).item() == pytest.approx(effective_rank(x).item(), rel=1e-2)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_images_are_refused_in_one_line(n: int) -> None:
    with pytest.raises(ValueError, match=rf"^the metrics need at least 4 images, got {n}$"):
        scores(unit(n, 5, 1), unit(n, 5, 2))


def test_cka_takes_each_image_with_its_first_text() -> None:
    # Five texts of an image are alike, whatever they have to do with the image: as rows they would pass for structure.
    x, own = unit(300, 200, 1), unit(300, 200, 2)
    image_of_text = np.repeat(np.arange(300), 5)
    y = F.normalize(own.repeat_interleave(5, 0) + 0.1 * unit(1500, 200, 3), dim=1)
    found = evaluate(x, y, image_of_text=image_of_text, caption_ids=np.arange(1500))
    assert abs(found["cka_modalities"]) < 0.02
    assert modality_gap(x, y) < 0.3
