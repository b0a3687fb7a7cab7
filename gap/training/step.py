"""One optimiser step of contrastive fine-tuning."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.losses import total_loss
from gap.models.clip import ClipModel
from gap.models.precision import autocast
from gap.training.errors import NonFiniteError


def batch_loss(
    model: ClipModel,
    pixels: Float[Tensor, "n 3 h w"],
    tokens: Int[Tensor, "n length"],
    *,
    terms: Mapping[str, float],
    alpha: float,
    beta: float,
    precision: str,
) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
    """Give the total loss of a batch, with its graph, and every term's own value; the losses are taken in fp32.

    A model without a bias in its logits (all but SigLIP's kind) has one of 0.
    """
    with autocast(pixels.device, precision):
        image_features, text_features = model.encode_image(pixels), model.encode_text(tokens)
    bias = getattr(model, "logit_bias", None)
    return total_loss(
        F.normalize(image_features.float(), dim=-1),
        F.normalize(text_features.float(), dim=-1),
        terms=terms,
        logit_scale=model.logit_scale.exp(),
        logit_bias=0.0 if bias is None else bias,
        alpha=alpha,
        beta=beta,
    )


def train_step(
    optimiser: torch.optim.Optimizer, loss: Float[Tensor, ""], values: Mapping[str, Tensor], *, step: int
) -> dict[str, float]:
    """Move the parameters against the gradient of ``loss``; returns ``loss`` and ``term_<name>`` as floats.

    Raises ``NonFiniteError``, before any parameter moves, that names the step and the terms at fault.
    """
    shown = {"loss": loss.item(), **{f"term_{name}": value.item() for name, value in values.items()}}
    broken = [f"{name} is {value}" for name, value in shown.items() if not math.isfinite(value)]
    if broken:
        raise NonFiniteError(f"step {step}: {', '.join(broken)}")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return shown
