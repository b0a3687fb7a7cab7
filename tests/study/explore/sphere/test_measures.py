"""Values on the page are those of gap.losses and gap.metrics, and lie around their expectations."""

import math

import numpy as np
import pytest
import torch

from gap.geometry.columns import COLUMNS
from gap.losses import TERMS, total_loss
from gap.metrics import METRICS, evaluate
from study.explore.sphere.clouds import Cloud, draw
from study.explore.sphere.expectations import EXPECTATIONS, expectation
from study.explore.sphere.measures import MEASURES, QUANTITIES, TOTAL, Loss, measure, measure_all

LOSS = Loss((("ce", 1.0), ("variance", -0.5)), alpha=0.3, beta=-1.5, logit_scale=14.3)


@pytest.mark.parametrize("name", TERMS)
def test_every_registered_term_is_shown_as_it_is(name: str) -> None:
    x, y = draw(Cloud(samples=40, pairs=0.5))
    total, values = total_loss(x, y, terms={name: 1.0}, logit_scale=14.3, alpha=0.3, beta=-1.5)
    assert measure(name, x, y, LOSS) == values[name].item() == total.item()


def test_the_total_is_the_weighted_sum() -> None:
    x, y = draw(Cloud(samples=40))
    total, _ = total_loss(x, y, terms={"ce": 1.0, "variance": -0.5}, logit_scale=14.3, alpha=0.3, beta=-1.5)
    assert measure(TOTAL, x, y, LOSS) == total.item()
    assert measure(TOTAL, x, y, Loss(())) == 0.0


def test_metrics_are_those_of_an_evaluation() -> None:
    assert set(MEASURES) <= set(METRICS)
    x, y = draw(Cloud(samples=60, pairs=0.9))
    rows = np.arange(60)
    known = evaluate(x, y, image_of_text=rows, caption_ids=rows)
    for name in MEASURES:
        assert measure(name, x, y, LOSS) == pytest.approx(known[name], abs=1e-6), name


def test_one_sample_has_what_it_can_and_says_what_it_cannot() -> None:
    values, reasons = measure_all(QUANTITIES, *draw(Cloud(samples=1)), Loss((("variance", 1.0),)))
    assert {"ce", "align", "modality_gap", "full_recall_at_1"} <= set(values)
    assert not {"uniform", "variance", "uniformity", "image_cone_mean", TOTAL} & set(values)
    assert "variance needs at least 2 pairs, got 1" in reasons
    assert len(reasons) == len(set(reasons))


@pytest.mark.parametrize("theta", [0.0, 90.0, 180.0])
@pytest.mark.parametrize("kappa", [0.0, 50.0, 1e5])
@pytest.mark.parametrize("pairs", [0.0, 1.0])
def test_nothing_is_nan(theta: float, kappa: float, pairs: float) -> None:
    for scale in (1.0, 100.0):
        loss = Loss(tuple((name, 1.0) for name in TERMS), logit_scale=scale)
        cloud = Cloud(30, 0, 3, theta, kappa, kappa, pairs)
        values, reasons = measure_all(QUANTITIES, *draw(cloud), loss)
        assert not reasons
        assert all(math.isfinite(value) for value in values.values())
        known = [expectation(name, cloud, loss) for name in QUANTITIES]
        assert all(value is None or math.isfinite(value) for value in known)


@pytest.mark.parametrize(("theta", "kappas"), [(40.0, (20.0, 20.0)), (110.0, (200.0, 8.0)), (0.0, (0.0, 3.0))])
@pytest.mark.parametrize("dimension", [3, 10])
def test_expectations_are_the_means_of_many_draws(theta: float, kappas: tuple[float, float], dimension: int) -> None:
    clouds = [Cloud(60, seed, dimension, theta, *kappas) for seed in range(40)]
    loss = Loss((("orthogonal_inter", 2.0), ("align", 1.0)), alpha=0.7, beta=-0.4)
    for name in (TOTAL, *EXPECTATIONS):
        exact = expectation(name, clouds[0], loss)
        if exact is None:
            assert dimension != 3, name
            continue
        values = torch.tensor([measure(name, *draw(cloud), loss) for cloud in clouds], dtype=torch.float64)
        # A root or a logarithm of a mean is not the mean of roots or logarithms; their spread bounds the difference.
        slack = values.std().item() if name.endswith(("gap", "norm")) or "uniform" in name else 1e-6
        assert values.mean().item() == pytest.approx(exact, abs=4 * values.std().item() / math.sqrt(40) + slack), name


def test_expectations_are_those_of_the_thesis_tables() -> None:
    kappa, theta, n = 200.0, 45.0, 50
    cloud = Cloud(samples=n, theta=theta, kappa_image=kappa, kappa_text=kappa)
    loss = Loss(alpha=0.0)
    for name in ("uniformity", "modality_gap", "orthogonal_intra", "orthogonal_inter", "variance"):
        # That of the gap is its limit for many samples.
        exact = COLUMNS[name].exact(n, math.radians(theta), kappa)
        assert expectation(name, cloud, loss) == pytest.approx(exact, rel=1e-3 if name == "modality_gap" else 1e-9), (
            name
        )
    cyclip = expectation(TOTAL, cloud, Loss((("cyclip_inter", 1.0), ("cyclip_intra", 1.0))))
    assert cyclip == pytest.approx(COLUMNS["cyclip"].exact(n, math.radians(theta), kappa))


def test_there_is_no_expectation_where_none_holds() -> None:
    assert expectation("misalignment", Cloud(pairs=0.5), LOSS) is None
    assert expectation("image_mean_norm", Cloud(pairs=0.5), LOSS) is not None
    assert expectation("orthogonal_intra", Cloud(dimension=4), LOSS) is None
    assert expectation("orthogonal_intra", Cloud(kappa_text=700.0), LOSS) is None
    assert expectation("ce", Cloud(), LOSS) is None
    assert expectation(TOTAL, Cloud(), LOSS) is None
    assert expectation(TOTAL, Cloud(), Loss(())) is None
    assert expectation("modality_gap", Cloud(samples=1), LOSS) is None
