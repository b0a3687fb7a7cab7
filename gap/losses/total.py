"""The loss of a trial: its terms, each with its weight."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache

from jaxtyping import Float
from torch import Tensor

from gap.errors import UserError, unknown
from gap.losses.registry import TERMS

BASES = ("ce", "siglip")  # exactly one of them is in every total: nothing else aims at retrieval


def parse_terms(terms: str) -> tuple[str, ...]:
    """Split ``ce+antipodal_intra+variance`` into known, distinct names with one base, ``ce`` or ``siglip``.

    >>> parse_terms("ce+variance")
    ('ce', 'variance')
    """
    names = tuple(name.strip() for name in terms.split("+"))
    for name in names:
        if name not in TERMS:
            raise unknown("loss term", name, TERMS)
    if len(set(names)) != len(names):
        raise UserError(f"terms '{terms}' name a loss term twice")
    if sum(base in names for base in BASES) != 1:
        raise UserError(f"terms '{terms}' need exactly one of {' and '.join(BASES)}")
    return names


def total_loss(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    terms: Mapping[str, float],
    logit_scale: Float[Tensor, ""] | float,
    alpha: float = 1.0,
    beta: float = 1.0,
    logit_bias: Float[Tensor, ""] | float = 0.0,
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
    """Add up weighted terms: Σ_t w_t·L_t. ``terms`` maps each term's name to its weight.

    Each term gets the keywords that its signature names and no others. Returns the total, and every term's own value,
    unweighted and detached.

    >>> import torch
    >>> x = torch.eye(2)
    >>> total, values = total_loss(x, -x, terms={"ce": 1.0, "centroid": 0.5}, logit_scale=1.0)
    >>> sorted(values), round((total - values["ce"]).item(), 4)
    (['ce', 'centroid'], 1.0)
    """
    available = {"logit_scale": logit_scale, "logit_bias": logit_bias, "alpha": alpha, "beta": beta}
    total = image_features.new_zeros(())
    values = {}
    for name, weight in terms.items():
        term = TERMS[name]
        value = term(image_features, text_features, **{key: available[key] for key in _keywords(term) & set(available)})
        total = total + weight * value
        values[name] = value.detach()
    return total, values


@cache
def _keywords(term: Callable[..., Tensor]) -> frozenset[str]:
    parameters = inspect.signature(term).parameters.values()
    return frozenset(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)
