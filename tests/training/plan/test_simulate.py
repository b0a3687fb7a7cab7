"""The simulation against models whose memory and work can be written down by hand."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

from gap.training.plan.simulate import Subject, peak_and_flops, simulate

WIDTH, DEPTH = 64, 5


def stack(*, adam: bool = False, forward: Callable[[nn.Module, Tensor], Tensor] | None = None) -> Callable[[], Subject]:
    """A stack of linear layers without biases: each saves its input alone."""

    def make() -> Subject:
        model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(DEPTH)))
        optimiser = (torch.optim.AdamW if adam else torch.optim.SGD)(model.parameters(), lr=0.1)

        def step(pairs: int) -> None:
            output = (forward or nn.Module.__call__)(model, torch.zeros(pairs, WIDTH))
            loss = output.sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

        return Subject(model, optimiser, step)

    return make


def test_a_stack_of_linear_layers_holds_what_it_saves() -> None:
    pairs = 100_000
    (one,) = simulate(stack(), [pairs])
    parameters = DEPTH * WIDTH * WIDTH * 4
    assert (one.weights, one.gradients, one.optimiser) == (parameters, parameters, 0)
    # When the backward pass begins: the input, the output of every layer, the gradient of the last one's input.
    assert one.activations == pytest.approx((DEPTH + 2) * pairs * WIDTH * 4, rel=0.001)
    # Forward one product a layer, backward two, but that the input needs no gradient.
    assert one.flops == 2 * pairs * WIDTH * WIDTH * (3 * DEPTH - 1)


def test_adam_holds_two_numbers_a_parameter() -> None:
    (one,) = simulate(stack(adam=True), [10])
    assert one.optimiser == pytest.approx(2 * one.weights, rel=0.001)


def test_gradients_of_the_step_before_are_still_there_in_the_forward_pass() -> None:
    (one,) = simulate(stack(), [1])
    assert one.peak > 2 * DEPTH * WIDTH * WIDTH * 4


def test_peaks_lie_on_a_line() -> None:
    a, b, c = (one.peak for one in simulate(stack(), [1000, 2000, 4000]))
    assert c - b == 2 * (b - a)


def test_recomputed_layers_hold_their_inputs_and_work_once_more() -> None:
    wide = nn.functional.gelu

    def forward(model: nn.Module, x: Tensor) -> Tensor:
        for layer in model:
            x = checkpoint(lambda x, layer=layer: wide(wide(layer(x))), x, use_reentrant=False)
        return x

    def plain(model: nn.Module, x: Tensor) -> Tensor:
        for layer in model:
            x = wide(wide(layer(x)))
        return x

    (recomputed,), (kept,) = simulate(stack(forward=forward), [1000]), simulate(stack(forward=plain), [1000])
    map_of_features = 1000 * WIDTH * 4
    # What is kept beside the input: in the one case all three maps of every layer, in the other one, the layer's input,
    # and while a layer is recomputed its own.
    assert kept.activations == pytest.approx((3 * DEPTH + 1) * map_of_features, rel=0.1)
    assert (DEPTH + 1) * map_of_features < recomputed.activations < (DEPTH + 6) * map_of_features
    assert recomputed.flops == kept.flops + 2 * 1000 * WIDTH * WIDTH * DEPTH


def test_custom_functions_and_caches_are_seen() -> None:
    """An autograd function that saves one tensor of its own, and a cache that is made once for each version."""
    cache: dict[str, tuple[int, Tensor]] = {}

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, weight: Tensor) -> Tensor:
            if cache.get("w", (-1, weight))[0] != weight._version:
                cache["w"] = weight._version, weight.detach().to(torch.bfloat16)
            ctx.save_for_backward(x, weight)
            return x @ cache["w"][1].float().T

        @staticmethod
        def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, Tensor]:
            x, weight = ctx.saved_tensors
            return grad @ weight, grad.T @ x

    def make() -> Subject:
        model = nn.Linear(WIDTH, WIDTH, bias=False)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

        def step(pairs: int) -> None:
            loss = Product.apply(torch.zeros(pairs, WIDTH), model.weight).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

        return Subject(model, optimiser, step)

    first, second = simulate(make, [1000, 1000])
    assert first.peak == pytest.approx(second.peak, rel=0.01)
    map_of_features, weight = 1000 * WIDTH * 4, WIDTH * WIDTH * 4
    # Input and output, the weight, its gradient, its copy in half precision; in the step itself the copy made wide.
    held = 2 * map_of_features + 2 * weight + weight // 2
    assert held <= first.peak <= held + 2 * weight
    cache.clear()


def test_attention_keeps_no_matrix_of_weights_and_is_counted() -> None:
    length = 512

    def attend() -> None:
        q, k, v = (torch.empty(1, 1, length, 16, requires_grad=True) for _ in range(3))
        F.scaled_dot_product_attention(q, k, v, torch.zeros(length, length)).sum().backward()

    peak, flops = peak_and_flops(attend)
    mask = length * length * 4
    assert peak < mask + mask // 2
    assert flops == 2 * length * length * 16 * (2 + 5)  # two products forward, five backward: one is made again


@pytest.mark.parametrize("without_a_graph", [torch.no_grad, torch.inference_mode])
def test_a_forward_pass_without_a_graph_keeps_nothing(without_a_graph: Callable[[], AbstractContextManager]) -> None:
    def forward() -> None:
        with without_a_graph():
            x = torch.zeros(1000, WIDTH)
            for _ in range(DEPTH):
                x = F.linear(x, torch.zeros(WIDTH, WIDTH))

    peak, flops = peak_and_flops(forward)
    assert peak == 2 * 1000 * WIDTH * 4 + WIDTH * WIDTH * 4
    assert flops == DEPTH * 2 * 1000 * WIDTH * WIDTH


def test_a_depthwise_convolution_is_counted_by_its_groups() -> None:
    def convolve() -> None:
        x = torch.empty(2, 8, 10, 10, requires_grad=True)
        F.conv2d(x, torch.empty(8, 1, 3, 3, requires_grad=True), padding=1, groups=8).sum().backward()

    assert peak_and_flops(convolve)[1] == 3 * 2 * (2 * 8 * 10 * 10) * 9


def test_mixed_precision_as_on_cuda_keeps_the_input_of_a_norm_in_fp32() -> None:
    def norms() -> None:
        x = torch.empty(100, WIDTH, dtype=torch.bfloat16, requires_grad=True)
        with torch.autocast("cpu", torch.bfloat16):
            F.layer_norm(x, (WIDTH,), torch.ones(WIDTH)).sum()

    cpu, cuda = (peak_and_flops(norms, like=like)[0] for like in ("cpu", "cuda"))
    half = 100 * WIDTH * 2
    assert cpu == pytest.approx(2 * half, rel=0.2)
    assert cuda == pytest.approx((1 + 2 + 2) * half, rel=0.2)
    with torch.autocast("cpu", torch.bfloat16):
        assert F.layer_norm(torch.ones(2, 4, dtype=torch.bfloat16), (4,)).dtype == torch.bfloat16


def test_nothing_is_left_behind() -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    simulate(stack(), [4])
    assert torch.equal(torch.rand(3), expected)
    assert torch.zeros(2).sum().item() == 0.0
