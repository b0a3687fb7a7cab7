import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from gap.errors import UserError
from gap.losses import TERMS, parse_terms, total_loss

X = F.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64), dim=1)
Y = F.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64), dim=1)


def test_total_is_the_weighted_sum_and_values_are_raw() -> None:
    total, values = total_loss(X, Y, terms={"ce": 1.0, "variance": 0.5}, logit_scale=9.0, alpha=2.0, beta=-3.0)
    expected_ce = TERMS["ce"](X, Y, logit_scale=9.0)
    expected_variance = TERMS["variance"](X, Y, beta=-3.0)
    assert values == {"ce": expected_ce, "variance": expected_variance}
    assert total.item() == pytest.approx((expected_ce + 0.5 * expected_variance).item())


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 2.0},
        {"beta": 2.0},
        {"logit_scale": 2.0},
        {"terms": {"ce": 1.0, "variance": 1.0, "orthogonal_inter": 2.0}},
    ],
)
def test_every_setting_reaches_the_loss(change: dict[str, object]) -> None:
    settings = {"terms": {"ce": 1.0, "variance": 1.0, "orthogonal_inter": 1.0}, "logit_scale": 1.0}
    assert total_loss(X, Y, **settings)[0] != total_loss(X, Y, **{**settings, **change})[0]  # type: ignore[arg-type]


def test_gradient_reaches_features_and_scale_but_not_through_values() -> None:
    x, scale = X.clone().requires_grad_(), torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
    total, values = total_loss(x, Y, terms={"ce": 1.0}, logit_scale=scale)
    total.backward()
    assert x.grad is not None
    assert scale.grad is not None
    assert scale.grad != 0
    assert not values["ce"].requires_grad


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("ce+varience", "unknown loss term 'varience': did you mean 'variance'"),
        ("ce+variance+variance", "name a loss term twice"),
        ("variance", "exactly one of ce and siglip"),
        ("ce+siglip", "exactly one of ce and siglip"),
        ("", "unknown loss term ''"),
    ],
)
def test_terms_that_make_no_loss_are_refused(terms: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_terms(terms)


def test_terms_are_parsed_in_order() -> None:
    assert parse_terms("ce + antipodal_intra+variance") == ("ce", "antipodal_intra", "variance")
