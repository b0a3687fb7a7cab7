"""Few-shot classifiers against loops over lists, against each other, and at their edges."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.classification import METHODS, accuracy, draw_shots
from gap.errors import UserError

Rows = list[list[float]]
LEARNED = ["clip_adapter", "tip_adapter", "tip_adapter_f", "tip_x"]
# fewer epochs than the defaults: no test but the one on learning needs more
QUICK: dict[str, dict[str, Any]] = {"clip_adapter": {"epochs": 3}, "tip_adapter_f": {"epochs": 3}}


def unit(n: int, d: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, d, generator=generator, dtype=torch.float64), dim=1).to(dtype)


def problem(k: int = 6, c: int = 3, n: int = 5, d: int = 4, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    return unit(k, d, 1, dtype), torch.arange(k) % c, unit(c, d, 2, dtype), unit(n, d, 3, dtype)


def dot(a: list[float], b: list[float]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))


def softmax(values: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in values) for value in values]


def tip_adapter_loop(
    shots: Rows, labels: list[int], classes: Rows, queries: Rows, s: float, alpha: float, beta: float
) -> Rows:
    logits = [[s * dot(x, c) for c in classes] for x in queries]
    for i, x in enumerate(queries):
        for key, label in zip(shots, labels, strict=True):
            logits[i][label] += alpha * math.exp(-beta * (1 - dot(x, key)))
    return logits


def tip_x_loop(
    shots: Rows, labels: list[int], classes: Rows, queries: Rows,
    s: float, alpha: float, beta: float, gamma: float, temperature: float,
) -> Rows:  # fmt: skip
    logits = tip_adapter_loop(shots, labels, classes, queries, s, alpha, beta)
    near = [math.exp(-beta * (1 - dot(x, key))) for x in queries for key in shots]
    signature = {id(v): softmax([dot(v, c) / temperature for c in classes]) for v in (*queries, *shots)}
    likeness = [
        [-sum(p * math.log(p / q) for p, q in zip(signature[id(x)], signature[id(key)], strict=True)) for key in shots]
        for x in queries
    ]
    low, high = min(map(min, likeness)), max(map(max, likeness))
    for i in range(len(queries)):
        for j, label in enumerate(labels):
            share = (likeness[i][j] - low) / (high - low)
            logits[i][label] += gamma * (min(near) + (max(near) - min(near)) * share)
    return logits


@pytest.mark.parametrize(("k", "c", "n", "d"), [(3, 2, 4, 2), (6, 3, 5, 4), (7, 3, 9, 768)])
def test_tip_adapter_equals_the_loop(k: int, c: int, n: int, d: int) -> None:
    shots, labels, classes, queries = problem(k, c, n, d)
    assert (queries @ shots.T).min() < 0  # negative cosines are part of the case
    got = METHODS["tip_adapter"](shots, labels, classes, queries, logit_scale=7.0, alpha=1.3, beta=2.5)
    lists = (shots.tolist(), labels.tolist(), classes.tolist(), queries.tolist())
    torch.testing.assert_close(got, torch.tensor(tip_adapter_loop(*lists, 7.0, 1.3, 2.5), dtype=torch.float64))


@pytest.mark.parametrize(("k", "c", "n", "d"), [(3, 2, 4, 2), (6, 3, 5, 4), (7, 3, 9, 768)])
def test_tip_x_equals_the_loop(k: int, c: int, n: int, d: int) -> None:
    shots, labels, classes, queries = problem(k, c, n, d)
    got = METHODS["tip_x"](
        shots, labels, classes, queries, logit_scale=7.0, alpha=1.3, beta=2.5, gamma=0.6, temperature=0.3
    )
    lists = (shots.tolist(), labels.tolist(), classes.tolist(), queries.tolist())
    expected = torch.tensor(tip_x_loop(*lists, 7.0, 1.3, 2.5, 0.6, 0.3), dtype=torch.float64)
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize(
    ("name", "same", "settings"),
    [
        ("clip_adapter", "zero_shot", {"ratio": 0.0, "epochs": 2}),
        ("tip_adapter", "zero_shot", {"alpha": 0.0}),
        ("tip_adapter_f", "tip_adapter", {"epochs": 0}),
        ("tip_x", "tip_adapter", {"gamma": 0.0}),
    ],
)
def test_each_method_contains_the_one_before(name: str, same: str, settings: dict[str, float]) -> None:
    torch.testing.assert_close(METHODS[name](*problem(), **settings), METHODS[same](*problem()))


@pytest.mark.parametrize("name", METHODS)
def test_a_seed_decides_everything_and_only_training_has_one(name: str) -> None:
    settings = {**QUICK.get(name, {}), **({"batch_size": 2} if name in QUICK else {})}
    state = torch.random.get_rng_state()
    first, again, other = (METHODS[name](*problem(), seed=seed, **settings) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name not in QUICK)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["clip_adapter", "tip_adapter_f"])
def test_training_learns_labels_that_the_prompts_contradict(name: str) -> None:
    classes, shots = torch.eye(4)[:3], torch.eye(4)[:3]
    labels = torch.tensor([1, 2, 0])
    settings: dict[str, Any] = {"logit_scale": 5.0, "learning_rate": 0.05, "epochs": 100}
    assert accuracy(METHODS["zero_shot"](shots, labels, classes, shots), labels).item() == 0.0
    assert accuracy(METHODS[name](shots, labels, classes, shots, **settings), labels).item() == 100.0


@pytest.mark.parametrize("name", METHODS)
def test_features_of_inference_mode_are_taken(name: str) -> None:
    with torch.inference_mode():
        shots, labels, classes, queries = problem()
    logits = METHODS[name](shots, labels, classes, queries, **QUICK.get(name, {}))
    assert logits.shape == (5, 3)
    assert not logits.requires_grad


@pytest.mark.parametrize("name", METHODS)
def test_one_query_or_none_and_one_shot(name: str) -> None:
    shots, labels, classes, queries = problem(k=1, n=1)
    assert METHODS[name](shots, labels, classes, queries, **QUICK.get(name, {})).shape == (1, 3)
    assert METHODS[name](shots, labels, classes, queries[:0], **QUICK.get(name, {})).shape == (0, 3)


@pytest.mark.parametrize("name", METHODS)
def test_duplicate_queries_and_shots(name: str) -> None:
    shots, labels, classes, queries = problem()
    logits = METHODS[name](shots[[0, 0, 0]], labels[[0, 0, 0]], classes, queries[[1, 1, 2]], **QUICK.get(name, {}))
    assert logits.isfinite().all()
    assert torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("name", ["tip_adapter", "tip_x"])
def test_a_shot_twice_counts_twice(name: str) -> None:
    shots, labels, classes, queries = problem()
    once, twice = (
        METHODS[name](shots[rows], labels[rows], classes, queries, logit_scale=0.0)
        for rows in ([0, 1, 2], [0, 1, 2, 0, 1, 2])
    )
    torch.testing.assert_close(twice, 2 * once)


def test_tip_x_where_all_signatures_are_equal() -> None:
    shots, labels, _, queries = problem()
    classes = unit(1, 4, 2).expand(3, 4)
    near = torch.exp(-5.5 * (1 - queries @ shots.T))
    got = METHODS["tip_x"](shots, labels, classes, queries, logit_scale=0.0, alpha=0.0)
    # Rounding may tell equal signatures apart by an ulp, and the map then spreads them over the range.
    assert got.isfinite().all()
    assert got.min() >= 2 * near.min() - 1e-12
    assert got.max() <= 2 * near.max() + 1e-12


@pytest.mark.parametrize("name", LEARNED)
def test_what_cannot_be_learned_from_is_one_line(name: str) -> None:
    shots, labels, classes, queries = problem()
    method = METHODS[name]
    with pytest.raises(UserError, match="at least one shot"):
        method(shots[:0], labels[:0], classes, queries)
    with pytest.raises(UserError, match="labels 0 to 1 for 2 classes, got 0 to 2"):
        method(shots, labels, classes[:2], queries)
    with pytest.raises(UserError, match="finite shots, got 1 of 6 rows"):
        method(shots.index_fill(0, torch.tensor([2]), math.nan), labels, classes, queries)


@pytest.mark.parametrize("name", METHODS)
def test_one_class_and_nan_are_one_line(name: str) -> None:
    shots, labels, classes, queries = problem()
    with pytest.raises(UserError, match="at least 2 classes to choose from, got 1"):
        METHODS[name](shots, 0 * labels, classes[:1], queries)
    with pytest.raises(UserError, match="finite queries, got 1 of 5 rows"):
        METHODS[name](shots, labels, classes, queries.index_fill(0, torch.tensor([0]), math.nan))
    with pytest.raises(UserError, match="finite class_features"):
        METHODS[name](shots, labels, classes.index_fill(0, torch.tensor([0]), math.inf), queries)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("d", [2, 768])
def test_single_precision_is_close_to_double(name: str, d: int) -> None:
    double = METHODS[name](*problem(d=d), logit_scale=10.0, **QUICK.get(name, {}))
    single = METHODS[name](*problem(d=d, dtype=torch.float32), logit_scale=10.0, **QUICK.get(name, {}))
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, atol=2e-3, rtol=1e-3)


def test_accuracy_shares_ties_and_refuses_nothing_and_nan() -> None:
    logits, labels = torch.tensor([[3.0, 1.0, 2.0], [0.0, 0.0, -1.0]]), torch.tensor([0, 1])
    assert accuracy(logits, labels).item() == 75.0
    assert accuracy(torch.zeros(2, 3), labels).item() == pytest.approx(100 / 3)
    with pytest.raises(UserError, match="at least one row"):
        accuracy(logits[:0], labels[:0])
    with pytest.raises(UserError, match="NaN"):
        accuracy(logits * math.nan, labels)


def test_shots_are_balanced_nested_and_without_repetition() -> None:
    labels = torch.arange(60) % 3
    draws = [draw_shots(labels, classes=3, shots=shots, seed=5) for shots in (1, 2, 20)]
    for shots, rows in zip((1, 2, 20), draws, strict=True):
        assert labels[rows].tolist() == [label for label in range(3) for _ in range(shots)]
        assert len(set(rows.tolist())) == 3 * shots
    assert set(draws[0].tolist()) < set(draws[1].tolist()) < set(draws[2].tolist())
    assert draw_shots(labels, classes=3, shots=2, seed=6).tolist() != draws[1].tolist()
    with pytest.raises(UserError, match="at least 21 images of every class, got 20 of class 0"):
        draw_shots(labels, classes=3, shots=21, seed=5)
    with pytest.raises(UserError, match="at least 1 shot"):
        draw_shots(labels, classes=3, shots=0, seed=5)
