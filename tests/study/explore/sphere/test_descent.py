"""Descent on the sphere: what a step is, that it descends, where it stops."""

import math

import pytest
import torch

from gap.errors import UserError
from gap.losses import TERMS, total_loss
from study.explore.sphere.clouds import Cloud, draw
from study.explore.sphere.descent import FARTHEST, Descent, descend, descent
from study.explore.sphere.measures import Loss

CLOUD = Cloud(samples=30, theta=60.0, kappa_image=20.0, kappa_text=20.0)


def alone(name: str) -> Loss:
    return Loss(((name, 1.0),))


def naive(x: torch.Tensor, y: torch.Tensor, name: str, rate: float) -> list[torch.Tensor]:
    """Gradients by central differences in double precision, one point after another."""
    clouds = [x.double(), y.double()]
    n, d, step, moves = len(x), x.shape[1], 1e-6, []
    for which in (0, 1):
        move = torch.zeros(n, d, dtype=torch.float64)
        for i in range(n):
            for j in range(d):
                ends = []
                for sign in (1, -1):
                    changed = [points.clone() for points in clouds]
                    changed[which][i, j] += sign * step
                    total, _ = total_loss(*changed, terms={name: 1.0}, logit_scale=10.0)
                    ends.append(total.item())
                move[i, j] = -rate * n * (ends[0] - ends[1]) / (2 * step)
            along = clouds[which][i]
            move[i] -= (move[i] @ along) * along
        moves.append(move)
    longest = max(move.norm(dim=1).max().item() for move in moves)
    shrink = min(1.0, FARTHEST / longest)
    after = [points + shrink * move for points, move in zip(clouds, moves, strict=True)]
    return [points / points.norm(dim=1, keepdim=True) for points in after]


# Not intra_separation, whose gradient leaves out the texts on purpose.
@pytest.mark.parametrize("name", [name for name in TERMS if name != "intra_separation"])
def test_a_step_is_that_of_the_naive_twin(name: str) -> None:
    x, y = draw(Cloud(samples=5, kappa_image=5.0, kappa_text=5.0, seed=2))
    for rate in (0.003, 10.0):
        got = descend(x, y, alone(name), rate)[:2]
        for ours, theirs in zip(got, naive(x, y, name, rate), strict=True):
            torch.testing.assert_close(ours.double(), theirs, atol=2e-5, rtol=0)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_descends_on_the_sphere(name: str) -> None:
    now = Descent(CLOUD, alone(name), 0.005).at(40)
    assert now.losses[-1] < now.losses[0]
    assert len(now.losses) == len(now.gaps) == len(now.recalls) == 41
    assert all(math.isfinite(value) for curve in (now.losses, now.gaps, now.recalls) for value in curve)
    for points in (now.x, now.y):
        torch.testing.assert_close(points.norm(dim=1), torch.ones(30), atol=1e-5, rtol=0)


def test_no_point_moves_farther_than_the_eye_follows() -> None:
    x, y = draw(CLOUD)
    a, b, before = descend(x, y, Loss((("cyclip_inter", 1000.0),)), 0.5)
    assert max((a - x).norm(dim=1).max().item(), (b - y).norm(dim=1).max().item()) <= FARTHEST
    assert before == pytest.approx(Loss((("cyclip_inter", 1000.0),))(x, y).item())


def test_what_terms_do() -> None:
    assert Descent(CLOUD, alone("centroid"), 0.05).at(100).gaps[-1] < 0.05
    assert Descent(CLOUD, alone("antipodal_inter"), 0.05).at(100).gaps[-1] > 1.9
    together = Descent(CLOUD, alone("align"), 0.05).at(100)
    assert together.recalls[-1] == 100.0


def test_the_moment_of_a_step_does_not_depend_on_how_one_came_there() -> None:
    run = Descent(CLOUD, alone("ce"), 0.05)
    far = run.at(7)
    back = run.at(2)
    again = Descent(CLOUD, alone("ce"), 0.05).at(2)
    assert torch.equal(back.x, again.x)
    assert back.losses == far.losses[:3] == again.losses
    assert torch.equal(run.at(0).x, draw(CLOUD)[0])
    assert descent(CLOUD, alone("ce"), 0.05) is descent(CLOUD, alone("ce"), 0.05)


@pytest.mark.parametrize(
    ("cloud", "loss", "message"),
    [
        (CLOUD, Loss(()), r"no term has a weight"),
        (Cloud(samples=1), alone("variance"), r"variance needs at least 2 pairs, got 1"),
        (CLOUD, Loss((("ce", 1e39),)), r"the loss is inf"),
    ],
)
def test_a_loss_that_cannot_be_descended_says_why(cloud: Cloud, loss: Loss, message: str) -> None:
    run = Descent(cloud, loss, 0.05)
    assert len(run.at(0).gaps) == 1
    with pytest.raises(UserError, match=message):
        run.at(1)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize(("theta", "kappa", "pairs"), [(0.0, 0.0, 0.0), (0.0, 1e5, 1.0), (180.0, 1e5, 1.0)])
def test_descent_from_extremes_stays_finite(name: str, theta: float, kappa: float, pairs: float) -> None:
    now = Descent(Cloud(10, 0, 3, theta, kappa, kappa, pairs), alone(name), 0.5).at(5)
    assert bool(now.x.isfinite().all() & now.y.isfinite().all())
    assert all(math.isfinite(value) for value in now.losses)
