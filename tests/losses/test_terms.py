import importlib.util
import inspect
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.losses import TERMS

spec = importlib.util.spec_from_file_location("loss_oracles", Path(__file__).with_name("oracles.py"))
assert spec is not None
assert spec.loader is not None
oracles = importlib.util.module_from_spec(spec)
spec.loader.exec_module(oracles)

# name -> (keywords given to the term, its loop oracle)
CASES: dict[str, tuple[dict[str, float], Callable[[list[list[float]], list[list[float]]], float]]] = {
    "ce": ({"logit_scale": 7.0}, lambda x, y: oracles.ce(x, y, 7.0)),
    "siglip": ({"logit_scale": 7.0, "logit_bias": -2.0}, lambda x, y: oracles.siglip(x, y, 7.0, -2.0)),
    "orthogonal_intra": ({"alpha": 0.7}, lambda x, y: oracles.intra(x, y, 0.7, True)),
    "orthogonal_inter": ({"alpha": 0.7}, lambda x, y: oracles.inter(x, y, 0.7, True)),
    "antipodal_intra": ({"alpha": 0.7}, lambda x, y: oracles.intra(x, y, 0.7, False)),
    "antipodal_inter": ({"alpha": 0.7}, lambda x, y: oracles.inter(x, y, 0.7, False)),
    "variance": ({"beta": 0.3}, lambda x, y: oracles.variance(x, y, 0.3)),
    "cyclip_inter": ({}, oracles.cyclip_inter),
    "cyclip_intra": ({}, oracles.cyclip_intra),
    "align": ({}, oracles.align),
    "uniform": ({}, oracles.uniform),
    "cross_uniform": ({}, oracles.cross_uniform),
    "centroid": ({}, oracles.centroid),
    "centroid_uniform": ({}, oracles.centroid_uniform),
    "intra_separation": ({"logit_scale": 7.0}, lambda x, y: oracles.intra_separation(x, y, 7.0)),
    "m2_mix": ({"logit_scale": 7.0}, lambda x, y: oracles.m2_mix(x, y, 7.0)),
}
NEEDS_TWO = {"variance", "uniform", "cross_uniform", "centroid_uniform"}


def unit(n: int, d: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(n, d, generator=generator, dtype=torch.float64), dim=1).to(dtype)


def test_every_registered_term_has_a_case() -> None:
    assert set(CASES) == set(TERMS)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize(("n", "d"), [(2, 2), (5, 3), (9, 16)])
def test_equals_the_loop(name: str, n: int, d: int) -> None:
    keywords, oracle = CASES[name]
    x, y = unit(n, d, 1), unit(n, d, 2)
    assert (x @ y.T).min() < 0  # negative cosines are part of the case
    assert TERMS[name](x, y, **keywords).item() == pytest.approx(oracle(x.tolist(), y.tolist()), abs=1e-12)


@pytest.mark.parametrize("name", TERMS)
def test_equals_the_loop_with_duplicates(name: str) -> None:
    keywords, oracle = CASES[name]
    x, y = unit(4, 3, 1)[[0, 0, 1, 2]], unit(4, 3, 2)[[0, 1, 1, 2]]
    assert TERMS[name](x, y, **keywords).item() == pytest.approx(oracle(x.tolist(), y.tolist()), abs=1e-12)


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_exact(name: str) -> None:
    keywords, _ = CASES[name]
    x, y = unit(5, 3, 1).requires_grad_(), unit(5, 3, 2).requires_grad_()
    if name == "intra_separation":  # its distances between texts are constants
        assert torch.autograd.gradcheck(lambda a: TERMS[name](a, y.detach(), **keywords), (x,))
    else:
        assert torch.autograd.gradcheck(lambda a, b: TERMS[name](a, b, **keywords), (x, y))


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_finite_at_duplicates_right_angles_and_equal_modalities(name: str) -> None:
    keywords, _ = CASES[name]
    x = torch.eye(4, dtype=torch.float64)[[0, 0, 1, 2]].requires_grad_()
    y = x.detach().clone().requires_grad_()
    TERMS[name](x, y, **keywords).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("name", TERMS)
def test_rotating_all_and_permuting_pairs_changes_nothing(name: str) -> None:
    keywords, _ = CASES[name]
    x, y = unit(7, 4, 1), unit(7, 4, 2)
    rotation = torch.linalg.qr(unit(4, 4, 3)).Q
    order = torch.tensor([3, 1, 6, 0, 2, 5, 4])
    value = TERMS[name](x, y, **keywords).item()
    assert TERMS[name](x @ rotation, y @ rotation, **keywords).item() == pytest.approx(value, abs=1e-12)
    assert TERMS[name](x[order], y[order], **keywords).item() == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", TERMS)
def test_single_precision_stays_single_and_close(name: str) -> None:
    keywords, _ = CASES[name]
    x, y = unit(90, 64, 1), unit(90, 64, 2)
    single = TERMS[name](x.float(), y.float(), **keywords)
    assert single.dtype == torch.float32
    assert single.shape == ()
    # Sums of n² cells with rounding errors of 6e-8 each.
    assert single.item() == pytest.approx(TERMS[name](x, y, **keywords).item(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", TERMS)
def test_a_batch_of_one_is_finite_or_refused(name: str) -> None:
    keywords, oracle = CASES[name]
    x, y = unit(1, 3, 1), unit(1, 3, 2)
    if name in NEEDS_TWO:
        with pytest.raises(ValueError, match=r"needs at least 2 (pairs|rows), got 1"):
            TERMS[name](x, y, **keywords)
    else:
        assert TERMS[name](x, y, **keywords).item() == pytest.approx(oracle(x.tolist(), y.tolist()), abs=1e-12)


@pytest.mark.parametrize("name", TERMS)
def test_a_feature_that_is_not_a_number_shows(name: str) -> None:
    keywords, _ = CASES[name]
    x = unit(4, 3, 1)
    x[1, 2] = math.nan
    assert TERMS[name](x, unit(4, 3, 2), **keywords).isnan()


@pytest.mark.parametrize("name", TERMS)
def test_the_docstring_names_its_source_and_shows_an_example(name: str) -> None:
    doc = inspect.getdoc(TERMS[name])
    assert doc is not None
    assert "Source: " in doc
    assert ">>> " in doc
    assert "Range [" in doc


@pytest.mark.parametrize("name", ["orthogonal_intra", "orthogonal_inter", "antipodal_intra", "antipodal_inter"])
def test_the_literal_sum_is_n_squared_times_the_mean(name: str) -> None:
    x, y = unit(6, 3, 1), unit(6, 3, 2)
    term = TERMS[name]
    assert term(x, y, reduction="sum").item() == pytest.approx(36 * term(x, y).item())


ORTHOGONAL = {
    "orthogonal_intra": (True, oracles.balanced_intra), "orthogonal_inter": (True, oracles.balanced_inter),
    "antipodal_intra": (False, oracles.balanced_intra), "antipodal_inter": (False, oracles.balanced_inter),
}  # fmt: skip


@pytest.mark.parametrize("name", ORTHOGONAL)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_balanced_form_equals_its_loop_and_has_its_gradient(name: str, n: int) -> None:
    absolute, oracle = ORTHOGONAL[name]
    x, y = unit(n, 3, 1), unit(n, 3, 2)
    expected = oracle(x.tolist(), y.tolist(), 0.7, absolute)
    assert TERMS[name](x, y, alpha=0.7, reduction="balanced").item() == pytest.approx(expected, abs=1e-12)
    x, y = x.requires_grad_(), y.requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: TERMS[name](x, y, alpha=0.7, reduction="balanced"), (x, y))


@pytest.mark.parametrize("name", ORTHOGONAL)
def test_only_the_balanced_form_keeps_the_weight_of_matching_pairs_at_every_batch_size(name: str) -> None:
    def part_of_alpha(n: int, reduction: str) -> float:
        x = unit(1, 3, 1).expand(n, 3)  # every cell is 1
        one, none = (TERMS[name](x, x, alpha=alpha, reduction=reduction).item() for alpha in (1.0, 0.0))
        return one - none

    assert part_of_alpha(90, "balanced") == pytest.approx(part_of_alpha(45, "balanced"))
    assert part_of_alpha(90, "mean") == pytest.approx(part_of_alpha(45, "mean") / 2)


@pytest.mark.parametrize("name", ORTHOGONAL)
def test_the_mean_is_the_balanced_form_with_another_alpha(name: str) -> None:
    x, y = unit(6, 3, 1), unit(6, 3, 2)
    balanced = TERMS[name](x, y, alpha=0.7 / 5, reduction="balanced").item()
    assert TERMS[name](x, y, alpha=0.7).item() == pytest.approx(5 / 6 * balanced)


@pytest.mark.parametrize("name", ["cyclip_inter", "cyclip_intra"])
def test_cyclip_can_be_freed_of_the_batch_size(name: str) -> None:
    x, y = unit(6, 3, 1), unit(6, 3, 2)
    term = TERMS[name]
    assert term(x, y, normalisation="n2").item() == pytest.approx(term(x, y).item() / 6)


def test_alpha_of_an_intra_term_shifts_the_value_by_a_constant() -> None:
    for seed in (1, 2):
        x, y = unit(6, 3, seed), unit(6, 3, seed + 10)
        shift = TERMS["orthogonal_intra"](x, y, alpha=1.0) - TERMS["orthogonal_intra"](x, y, alpha=0.0)
        assert shift.item() == pytest.approx(-2 / 6)


def test_cross_entropy_of_features_that_tell_nothing_is_log_n() -> None:
    x = unit(1, 3, 1).expand(50, 3)
    assert TERMS["ce"](x, x, logit_scale=100.0).item() == pytest.approx(math.log(50))
