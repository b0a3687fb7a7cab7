"""A way round a fault of PyTorch on CPUs, whose process it ends: the weight's gradient of some strided convolutions.

oneDNN, as torch 2.13 has it, writes beyond its memory in the weight's gradient of a 1×1 convolution with a stride of 2
and 2 to 15 input channels, where the pixels lie with channels last. MobileCLIP's first layer is one, on 3 channels; its
base is frozen under DoRA, but full fine-tuning trains it, and PEFT's LoRA has a factor of that shape.
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

NARROW = 16  # input channels from which on it goes well


class SlicedConv2d(nn.Conv2d):
    """A strided 1×1 convolution that leaves pixels out first: the same values, and no stride for oneDNN.

    >>> import torch
    >>> plain = nn.Conv2d(3, 4, 1, stride=2)
    >>> sliced = SlicedConv2d(3, 4, 1, stride=2)
    >>> _ = sliced.load_state_dict(plain.state_dict())
    >>> x = torch.randn(1, 3, 5, 4)
    >>> torch.allclose(sliced(x), plain(x))
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        down, across = self.stride
        return F.conv2d(x[..., ::down, ::across], self.weight, self.bias)


def go_round_narrow_strides(model: nn.Module) -> int:
    """Make the trained, narrow, strided 1×1 convolutions of ``model`` ``SlicedConv2d``, in place; return how many.

    >>> go_round_narrow_strides(nn.Sequential(nn.Conv2d(3, 8, 1, stride=2), nn.Conv2d(8, 8, 3, stride=2)))
    1
    """
    found = [module for module in model.modules() if _is_narrow(module)]
    for module in found:
        module.__class__ = SlicedConv2d
    return len(found)


def _is_narrow(module: nn.Module) -> bool:
    return (
        type(module) is nn.Conv2d
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.padding in ((0, 0), "valid")
        and module.groups == 1
        and module.in_channels < NARROW
        and module.weight.requires_grad
    )
