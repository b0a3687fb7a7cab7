"""DoRA on 1×1 convolutions at little more than a convolution's cost."""

import torch
from peft.tuners.lora import Conv2d
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


class PointwiseDora(Conv2d):  # type: ignore[misc]
    """PEFT's DoRA layer on a 1×1 convolution, with the same parameters, values and gradients.

    W' = m · (W + s·BA) / ‖W + s·BA‖ is formed first and used once. PEFT runs the base, both factors and three products
    over the whole feature map; such a map has thousands of pixels a channel, and the weight only as many as there are
    channels. As in the paper, no gradient goes through the norm.

    Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5 and section 4.3.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with the adapted weight, or as PEFT does where the adapter is off or merged."""
        if self.disable_adapters or self.merged:
            output: Tensor = super().forward(x)
            return output
        base, (adapter,) = self.get_base_layer(), self.active_adapters
        with torch.autocast(x.device.type, enabled=False):  # the weight is small: it is formed in full precision
            low_rank = self.lora_B[adapter].weight.flatten(1) @ self.lora_A[adapter].weight.flatten(1)
            weight = base.weight + self.scaling[adapter] * low_rank.view_as(base.weight)
            norm = weight.detach().flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            weight = self.lora_magnitude_vector[adapter].weight.view(-1, 1, 1, 1) / norm * weight
        return F.conv2d(x, weight, base.bias, base.stride, base.padding, base.dilation)
