"""CLIP-Adapter: a small residual network after the image tower."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.classification.checks import check_input
from gap.classification.learn import learn


def clip_adapter(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
    *,
    seed: int = 0,
    logit_scale: float = 100.0,
    ratio: float = 0.2,
    hidden: int = 256,
    epochs: int = 200,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
) -> Float[Tensor, "n c"]:
    """Score classes by cosine after an adapter of the image features that was trained on the shots.

    s·u(x*)·Cᵀ with x* = ratio·ReLU(x·W₁)·W₂ + (1 − ratio)·x and u(x) = x/‖x‖. Range [−s, s]; with ``ratio=0.0`` it is
    the zero-shot classifier. Of the paper's two adapters this is the visual one, as in the authors' code.

    Otherwise than in the authors' code: (1) theirs has a second ReLU, after W₂, so that an adapter can only add; the
    paper's equation has none, and neither has this one. (2) It works on features as the image tower gives them and
    normalises after the mixture; here x is a unit vector, so the ratio does not depend on a feature's length. (3) 256
    hidden units are theirs for 1,024 features (a quarter of the width), the paper's and the thesis's; here they are 256
    whatever the width. (4) They train on augmented images with the optimiser of a configuration; here each shot has one
    embedding, and the training is this project's choice: AdamW at 10⁻³ as in Tip-Adapter-F, 200 epochs in batches of
    32, a cosine to 0. The ratio of 0.2 and the lack of biases are theirs.

    Raises ``UserError`` without shots, below two classes, on labels that are no class, or values that are not finite.

    Source: Gao et al. 2021 (CLIP-Adapter), section 3; code: gaopengcuhk/CLIP-Adapter; thesis, annex B.2.1.

    >>> x = torch.eye(2)
    >>> clip_adapter(x, torch.tensor([1, 0]), x, x, ratio=0.9).argmax(dim=1).tolist()
    [1, 0]
    """
    check_input(shots, labels, class_features, queries)
    generator = torch.Generator().manual_seed(seed)
    dimension = shots.shape[1]
    down = _uniform(dimension, hidden, generator).to(shots).requires_grad_()
    up = _uniform(hidden, dimension, generator).to(shots).requires_grad_()
    # Copies: features made in inference mode cannot take part in a backward pass.
    classes, known = class_features.clone(), shots.clone()

    def logits_of(x: Float[Tensor, "b d"]) -> Float[Tensor, "b c"]:
        mixed = ratio * (x @ down).relu() @ up + (1 - ratio) * x
        return logit_scale * F.normalize(mixed, dim=-1) @ classes.T

    learn(
        [down, up], logits_of, known, labels.clone(),
        generator=generator, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
    )  # fmt: skip
    with torch.no_grad():
        return logits_of(queries)


def _uniform(rows: int, columns: int, generator: torch.Generator) -> Float[Tensor, "rows columns"]:
    """Draw as ``torch.nn.Linear`` does: uniform within ±1/√rows."""
    return (2 * torch.rand(rows, columns, generator=generator) - 1) / math.sqrt(rows)
