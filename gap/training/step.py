"""One optimiser step of contrastive fine-tuning."""

import math
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from gap.losses import total_loss
from gap.models.clip import ClipModel
from gap.training.errors import NonFiniteError
from gap.training.gradients import Losses, Objective


def make_objective(model: ClipModel, *, terms: Mapping[str, float], alpha: float, beta: float) -> Objective:
    """Give the total loss as a function of a batch's embeddings; the temperature is the model's own, now and later.

    A model without a bias in its logits (all but SigLIP's kind) has one of 0.
    """

    def objective(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Losses:
        bias = getattr(model, "logit_bias", None)
        return total_loss(
            image_features,
            text_features,
            terms=terms,
            logit_scale=model.logit_scale.exp(),
            logit_bias=0.0 if bias is None else bias,
            alpha=alpha,
            beta=beta,
        )

    return objective


def train_step(optimiser: torch.optim.Optimizer, gradients: Callable[[], Losses], *, step: int) -> dict[str, float]:
    """Move the parameters against the gradients that ``gradients`` accumulates; it returns the total and its terms.

    Returns ``loss`` and ``term_<name>`` as floats. Raises ``NonFiniteError``, before any parameter moves, that names
    the step and the terms at fault.
    """
    optimiser.zero_grad(set_to_none=True)
    total, values = gradients()
    shown = {"loss": total.item(), **{f"term_{name}": value.item() for name, value in values.items()}}
    broken = [f"{name} is {value}" for name, value in shown.items() if not math.isfinite(value)]
    if broken:
        raise NonFiniteError(f"step {step}: {', '.join(broken)}")
    optimiser.step()
    return shown
