import subprocess
import sys

import torch
from torch import nn

from gap.models.adapters import adapt
from gap.models.narrow_strides import SlicedConv2d, go_round_narrow_strides

# The fault ends the process, so it is met in one of its own.
STEPS = """
import torch
from torch import nn
from gap.models.adapters import adapt
from gap.models.narrow_strides import go_round_narrow_strides
torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 8, 1, stride=2), nn.ReLU())
adapt(model, method="{method}", rank=4)
assert go_round_narrow_strides(model) == 1
model.to(memory_format=torch.channels_last)
x = torch.rand(2, 3, 64, 64).contiguous(memory_format=torch.channels_last)
for _ in range(5):
    model(x).square().sum().backward()
print(all(p.grad.isfinite().all() for p in model.parameters() if p.requires_grad))
"""


def test_training_lives_through_a_narrow_strided_convolution() -> None:
    for method in ("full", "lora"):
        command = [sys.executable, "-c", STEPS.format(method=method)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr[-500:]


def test_gradients_are_the_plain_layers() -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 4, 1, stride=(2, 3)).double()
    sliced = nn.Conv2d(3, 4, 1, stride=(2, 3)).double()
    sliced.load_state_dict(plain.state_dict())
    assert go_round_narrow_strides(sliced) == 1
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    found = []
    for layer in (plain, sliced):
        inputs = x.clone().requires_grad_()
        layer(inputs).square().sum().backward()
        found.append([layer(x), inputs.grad, layer.weight.grad, layer.bias.grad])  # type: ignore[union-attr]
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_a_frozen_base_and_wide_layers_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 1, stride=2), nn.Conv2d(16, 8, 1, stride=2), nn.Conv2d(3, 8, 1))
    adapt(model, method="dora", rank=4)
    go_round_narrow_strides(model)
    sliced = [name for name, module in model.named_modules() if isinstance(module, SlicedConv2d)]
    assert sliced == ["0.lora_A.default"]
