"""Cone, effective rank, relative gap, centred residual and separability against loops, closed forms and invariances."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import (
    centred_residual,
    consistency_at_k,
    effective_rank,
    evaluate,
    linear_separability,
    mean_cosine,
    mean_norm,
    min_cosine,
    misalignment,
    modality_gap,
    relative_modality_gap,
    retrieval,
)

ONE: dict[str, Callable[[Tensor], Tensor]] = {
    "mean_cosine": mean_cosine, "min_cosine": min_cosine, "mean_norm": mean_norm, "effective_rank": effective_rank,
}  # fmt: skip
TWO: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "relative_modality_gap": relative_modality_gap,
    "centred_residual": centred_residual,
    "linear_separability": linear_separability,
}


def unit(n: int, d: int, seed: int, shift: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, d, generator=generator, dtype=torch.float64) + shift, dim=1)


def cosines(x: Tensor) -> list[float]:
    return [float(a @ b) for a, b in itertools.permutations(x, 2)]


@pytest.mark.parametrize(("n", "d"), [(2, 2), (9, 3), (5, 768)])
def test_the_cone_equals_the_loop(n: int, d: int) -> None:
    x = unit(n, d, 1, 0.3)
    assert mean_cosine(x).item() == pytest.approx(np.mean(cosines(x)), abs=1e-12)
    for chunk_size in (1, 2, 4, 100):
        assert min_cosine(x, chunk_size=chunk_size).item() == pytest.approx(min(cosines(x)), abs=1e-12)
    assert mean_norm(x).item() == pytest.approx(math.sqrt(sum(float(v) ** 2 for v in x.mean(0))))


@pytest.mark.parametrize(("n", "d"), [(2, 2), (9, 3), (5, 768)])
def test_the_relative_gap_equals_the_loop(n: int, d: int) -> None:
    def distance(values: list[float]) -> float:
        return float(np.mean([(1 - value) / 2 for value in values]))

    x, y = unit(n, d, 1, 0.3), unit(n, d, 2, -0.3)
    paired = distance([float(a @ b) for a, b in zip(x, y, strict=True)])
    expected = paired / (paired + (distance(cosines(x)) + distance(cosines(y))) / 2)
    assert relative_modality_gap(x, y).item() == pytest.approx(expected, abs=1e-12)
    assert relative_modality_gap(x.repeat_interleave(2, 0), y.repeat_interleave(2, 0), images=x) < 1


def test_relative_gap_at_its_ends() -> None:
    x = unit(5, 3, 1)
    assert relative_modality_gap(x, x).item() == pytest.approx(0, abs=1e-12)
    point = torch.tensor([[1.0, 0.0]]).expand(4, 2)
    assert relative_modality_gap(point, -point).item() == 1
    assert relative_modality_gap(point, point).item() == 0


def test_the_residual_is_what_the_gap_leaves_of_misalignment() -> None:
    x, y = unit(9, 4, 1, 0.3), unit(9, 4, 2, -0.3)
    expected = misalignment(x, y) - modality_gap(x, y).square()
    assert centred_residual(x, y).item() == pytest.approx(expected.item())


@pytest.mark.parametrize(("n", "d"), [(4, 9), (9, 4), (40, 40), (41, 40)])
def test_effective_rank_is_the_entropy_of_the_singular_values(n: int, d: int) -> None:
    x = unit(n, d, 1, 0.5)
    sigma = np.linalg.svd((x - x.mean(0)).numpy(), compute_uv=False)
    share = sigma / sigma.sum()
    expected = math.exp(-sum(p * math.log(p) for p in share if p > 1e-12))
    assert effective_rank(x).item() == pytest.approx(expected, rel=1e-6)
    assert 1 <= effective_rank(x).item() <= min(n - 1, d)


def test_effective_rank_of_a_line_and_of_a_point() -> None:
    line = torch.arange(5, dtype=torch.float64)[:, None] * torch.tensor([[1.0, 2.0, 0.0]], dtype=torch.float64)
    assert effective_rank(line).item() == pytest.approx(1)
    assert effective_rank(torch.ones(5, 3)).item() == 0


def test_separability_of_apart_mixed_and_equal_modalities() -> None:
    apart = unit(60, 8, 1, 2.0)
    assert linear_separability(apart, -apart).item() == 100
    assert linear_separability(unit(4000, 4, 1), unit(4000, 4, 2)).item() == pytest.approx(50, abs=3)
    same = unit(10, 3, 1)
    assert linear_separability(same, same).item() == pytest.approx(50)
    assert linear_separability(apart[:6], -apart[:7]).item() == 100  # fewer rows than dimensions, unequal numbers


def test_the_texts_of_an_image_are_held_out_with_it() -> None:
    x = unit(6, 4, 1)
    image_of_text = np.repeat(np.arange(6), 3)
    y = unit(18, 4, 2)
    value = linear_separability(x, y, image_of_text=image_of_text)
    changed = y.clone()
    changed[image_of_text == 1] = x[1]  # a held-out image's texts: the fitted plane stays, their side may change
    moved = linear_separability(x, changed, image_of_text=image_of_text)
    held_out = np.isin(image_of_text, (1, 3, 5))
    order = np.concatenate([np.flatnonzero(~held_out), np.flatnonzero(held_out)])
    again = linear_separability(x, y[torch.from_numpy(order)], image_of_text=image_of_text[order])
    assert again.item() == pytest.approx(value.item())
    assert abs(moved.item() - value.item()) <= 100 / 3 / 2 + 1e-9  # only three of nine held-out texts moved


def test_a_model_that_maps_everything_to_one_point_has_finite_metrics() -> None:
    point, index = torch.ones(12, 1).expand(12, 1).contiguous(), np.arange(12)
    scores = evaluate(point, point, image_of_text=index, caption_ids=index)
    assert all(math.isfinite(value) for value in scores.values())
    assert (scores["relative_modality_gap"], scores["cka_modalities"], scores["linear_separability"]) == (0, 0, 50)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_rotation_order_precision_and_nan(name: str) -> None:
    metric = ONE[name] if name in ONE else TWO[name]
    sets = [unit(40, 6, 1, 0.3), unit(40, 6, 2, -0.1)][: 1 if name in ONE else 2]
    value = metric(*sets).item()
    rotation = torch.linalg.qr(unit(6, 6, 3)).Q
    assert metric(*(x @ rotation for x in sets)).item() == pytest.approx(value, abs=1e-9)
    if name != "linear_separability":  # which rows are held out depends on the order
        order = torch.randperm(40)
        assert metric(*(x[order] for x in sets)).item() == pytest.approx(value, abs=1e-9)
    single = metric(*(x.float() for x in sets))
    assert single.dtype == torch.float32
    # Inputs rounded to 6e-8; what is a difference or an eigenvalue is computed in float64.
    assert single.item() == pytest.approx(value, rel=1e-4, abs=1e-5)
    sets[0][1, 2] = math.nan
    assert metric(*sets).isnan()


@pytest.mark.parametrize("name", ["mean_cosine", "min_cosine", "effective_rank", *TWO])
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows(name: str, n: int) -> None:
    x = unit(n, 3, 1)
    if name == "centred_residual":
        assert centred_residual(x, x).item() == 0 if n else centred_residual(x, x).isnan()
        return
    with pytest.raises(ValueError, match=rf"at least 2 \w+, got {n}"):
        ONE[name](x) if name in ONE else TWO[name](x, x)


def test_consistency_equals_the_loop() -> None:
    x, classes, bank = unit(23, 5, 1), unit(4, 5, 2), unit(17, 5, 3)
    labels = torch.arange(17) % 4
    agree = 0
    for image in x:
        by_text = max(range(4), key=lambda c: (float(image @ classes[c]), -c))
        near = sorted(range(17), key=lambda b: -float(image @ bank[b]))[:3]
        votes = [sum(int(labels[b]) == c for b in near) for c in range(4)]
        agree += votes.index(max(votes)) == by_text
    for chunk_size in (1, 5, 100):
        value = consistency_at_k(x, classes, bank, labels, k=3, chunk_size=chunk_size)
        assert value.item() == pytest.approx(100 * agree / 23)


def test_what_consistency_refuses() -> None:
    x, labels = unit(3, 2, 1), torch.tensor([0, 1, 0])
    with pytest.raises(ValueError, match="at least 1 image, got 0"):
        consistency_at_k(x[:0], x, x, labels, k=1)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"expected 1 to 3, the size of the bank, got {k}"):
            consistency_at_k(x, x, x, labels, k=k)
    with pytest.raises(ValueError, match="finite"):
        consistency_at_k(x * math.nan, x, x, labels, k=1)


def test_folds_are_consecutive_thousands_with_all_their_texts() -> None:
    x = F.normalize(torch.randn(2100, 4, generator=torch.Generator().manual_seed(1)), dim=1)
    image_of_text = np.repeat(np.arange(2100), 2)
    y = x.repeat_interleave(2, 0)
    y = F.normalize(y + 0.3 * torch.randn(y.shape, generator=torch.Generator().manual_seed(2)), dim=1)
    ids = np.arange(4200)
    scores = retrieval(x, y, image_of_text=image_of_text, caption_ids=ids, ks=(1,))
    own = {"image_of_text": np.repeat(np.arange(1000), 2), "caption_ids": ids[:2000]}
    folds = [retrieval(x[s : s + 1000], y[2 * s : 2 * s + 2000], **own) for s in (0, 1000)]
    for name in ("recall_at_1", "mrr"):
        for direction in ("_t2i", "_i2t", ""):
            expected = np.mean([fold[f"full_{name}{direction}"] for fold in folds])
            assert scores[f"fold_{name}{direction}"] == pytest.approx(expected)


def test_median_and_reciprocal_rank_by_hand() -> None:
    x, index = torch.eye(3), np.arange(3)
    y = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.3, 0.2, 0.1]])  # ranks of the right image: 1, 2, 3
    scores = retrieval(x, y, image_of_text=index, caption_ids=index)
    assert scores["full_median_rank_t2i"] == 2
    assert scores["full_mrr_t2i"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_the_base_is_what_cka_compares_with() -> None:
    x, y, index = unit(20, 4, 1), unit(20, 4, 2), np.arange(20)
    own = evaluate(x, y, image_of_text=index, caption_ids=index)
    assert own["image_cka_base"] == pytest.approx(1)
    other = evaluate(x, y, image_of_text=index, caption_ids=index, base=(unit(20, 4, 3), y))
    assert other["image_cka_base"] < 0.9
    assert other["text_cka_base"] == pytest.approx(1)
