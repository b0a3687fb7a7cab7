"""Whether a plane tells the modalities apart."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

_RIDGE = 1e-3  # of the mean variance: the scatter is singular where there are fewer rows than dimensions


def linear_separability(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    *,
    image_of_text: Int[np.ndarray, " n"] | None = None,
) -> Float[Tensor, ""]:
    """Measure how well a linear classifier tells images from texts on rows that it has not seen.

    Fisher's discriminant, w = (S + εI)⁻¹(x̄ − ȳ) with the threshold midway between the means, is fitted on the images
    with an even number and their texts, and judged on the others; S is the scatter within modalities. ``image_of_text``
    is the number of each text's image, its own number if None. Share of right answers in per cent, mean of both
    modalities; a vector on the threshold counts half. Range [0, 100]; 100 when the modalities lie apart, about 50 when
    they are mixed. Deterministic. Raises ``ValueError`` with fewer than two rows in a modality.

    Source: the linear separability of Shi et al. 2023 and Schrodi et al. 2025, with Fisher's discriminant as
    classifier.

    >>> x = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.8, -0.6], [1.0, 0.0]])
    >>> linear_separability(x, -x).item()
    100.0
    """
    for name, features in (("images", image_features), ("texts", text_features)):
        if len(features) < 2:
            raise ValueError(f"linear separability needs at least 2 {name}, got {len(features)}")
    x, y = image_features.double(), text_features.double()
    held_out = np.arange(len(y)) % 2 if image_of_text is None else image_of_text % 2
    of_text = torch.from_numpy(held_out).to(y.device) == 1
    (x_fit, x_test), (y_fit, y_test) = (x[::2], x[1::2]), (y[~of_text], y[of_text])
    x_mean, y_mean = x_fit.mean(dim=0), y_fit.mean(dim=0)
    residual = torch.cat([x_fit - x_mean, y_fit - y_mean])
    scatter = residual.T @ residual / len(residual)
    scatter.diagonal().add_(_RIDGE * scatter.diagonal().mean() + torch.finfo(torch.float64).eps)
    direction = torch.linalg.solve(scatter, x_mean - y_mean)
    threshold = direction @ (x_mean + y_mean) / 2
    right = [
        (torch.heaviside(side, side.new_tensor(0.5)) + 0 * side).mean()  # NaN stays NaN
        for side in (x_test @ direction - threshold, threshold - y_test @ direction)
    ]
    accuracy: Tensor = 50 * (right[0] + right[1])
    return accuracy.to(image_features.dtype)
