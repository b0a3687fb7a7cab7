import inspect

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import misalignment, modality_gap
from gap.posthoc import METHODS

D = 48


def modalities(n: int = 60, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Pairs with a gap: a common part, a part of each modality, and noise."""
    generator = torch.Generator().manual_seed(seed)
    common, noise, other = torch.randn(3, n, D, generator=generator, dtype=torch.float64)
    offset = torch.zeros(D, dtype=torch.float64)
    offset[3] = 8.0
    return F.normalize(common + 0.3 * noise + offset, dim=1), F.normalize(common + 0.3 * other - offset, dim=1)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_changes_at_strength_zero(name: str) -> None:
    x, y = modalities()
    maps = METHODS[name].fit(x, y, 0.0)
    assert torch.allclose(maps.image(x), x)
    assert torch.allclose(maps.text(y), y)


@pytest.mark.parametrize("name", METHODS)
def test_a_row_does_not_depend_on_the_others_and_the_sphere_is_kept(name: str) -> None:
    (x, y), (test_x, test_y) = modalities(), modalities(9, seed=1)
    for strength in METHODS[name].strengths:
        maps = METHODS[name].fit(x, y, strength)
        for apply, rows in ((maps.image, test_x), (maps.text, test_y)):
            together = apply(rows)
            assert torch.allclose(together, torch.cat([apply(row[None]) for row in rows]))
            lengths = torch.linalg.vector_norm(together, dim=1)
            assert not METHODS[name].unit or torch.allclose(lengths, torch.ones_like(lengths))


@pytest.mark.parametrize("name", ["shift", "centring", "standardise", "realign", "procrustes"])
def test_the_gap_of_unseen_pairs_narrows(name: str) -> None:
    (x, y), (test_x, test_y) = modalities(), modalities(40, seed=1)
    maps = METHODS[name].fit(x, y, 0.5 if name == "shift" else 1.0)
    assert modality_gap(maps.image(test_x), maps.text(test_y)) < 0.5 * modality_gap(test_x, test_y)


def test_raw_shifts_and_centring_close_the_training_gap_exactly() -> None:
    x, y = modalities()
    for name, strength in (("shift_raw", 0.5), ("centring_raw", 1.0)):
        maps = METHODS[name].fit(x, y, strength)
        assert modality_gap(maps.image(x), maps.text(y)).item() == pytest.approx(0, abs=1e-12)
    maps = METHODS["shift_raw"].fit(x, y, 0.25)
    assert modality_gap(maps.image(x), maps.text(y)).item() == pytest.approx(modality_gap(x, y).item() / 2)


def test_distribution_normalization_is_half_the_mean_taken_from_each() -> None:
    x, y = modalities()
    maps = METHODS["centring_raw"].fit(x, y, 0.5)
    expected = (x - x.mean(0) / 2) @ (y - y.mean(0) / 2).T
    assert torch.allclose(maps.image(x) @ maps.text(y).T, expected)


def test_procrustes_finds_a_rotation() -> None:
    x, _ = modalities(100)
    rotation = torch.linalg.qr(torch.randn(D, D, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).Q
    maps = METHODS["procrustes"].fit(x, x @ rotation, 1.0)
    assert misalignment(x, maps.text(x @ rotation)).item() == pytest.approx(0, abs=1e-20)


def test_realign_matches_mean_and_trace_before_the_sphere() -> None:
    x = torch.randn(50, D, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 1
    y = F.normalize(x, dim=1) * 0.5 + 2  # the same shape but for scale and place, where x is on a sphere
    on_sphere = F.normalize(x, dim=1)
    assert torch.allclose(METHODS["realign"].fit(on_sphere, y, 1.0).text(y), on_sphere)


def test_the_dimension_that_carries_the_gap_is_dropped_first() -> None:
    x, y = modalities()
    maps = METHODS["drop_gap_dimensions"].fit(x, y, 1.0)
    assert maps.image(x)[:, 3].abs().max() == 0
    assert (maps.image(x) != 0).sum() == 60 * (D - 1)
    for k in (0.5, -1.0, float(D)):
        with pytest.raises(ValueError, match=f"whole number from 0 to {D - 1}, got {k}"):
            METHODS["drop_gap_dimensions"].fit(x, y, k)


@pytest.mark.parametrize("name", METHODS)
def test_one_pair_is_enough_and_none_is_refused(name: str) -> None:
    x, y = modalities(1)
    maps = METHODS[name].fit(x, y, 1.0)
    assert maps.image(x).isfinite().all()
    assert maps.text(y).isfinite().all()
    with pytest.raises(ValueError, match="at least 1 training row, got 0"):
        METHODS[name].fit(x[:0], y[:0], 1.0)


@pytest.mark.parametrize("name", METHODS)
def test_the_docstring_names_its_source_and_shows_an_example(name: str) -> None:
    doc = inspect.getdoc(METHODS[name].fit) or ""
    assert "Source: " in doc
    assert ">>> " in doc
