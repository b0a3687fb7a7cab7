"""What is planned for a trial, on ``tiny`` and ``mini``."""

import sys
from functools import cache
from typing import Any

import pytest
import torch

from benchmarks.peak import measure
from benchmarks.plan import planned, rows
from gap.errors import UserError
from gap.models.adapters import METHODS, adapt, trained_parameters
from gap.models.bare import bare_clip
from gap.models.load import load_clip
from gap.training.config import TrialConfig
from gap.training.plan.memory import batch_bytes
from gap.training.plan.trial import TrialPlan, plan_trial


@cache
def plan(**settings: Any) -> TrialPlan:
    defaults = {"model": "tiny", "data": "none", "batch_size": 64, "rank": 4, "last_n": 1}
    return plan_trial(TrialConfig(**(defaults | settings)))


@pytest.mark.parametrize("name", ["tiny", "mini"])
def test_the_bare_model_is_the_loaded_one_without_values(name: str) -> None:
    bare, clip = bare_clip(name), load_clip(name)
    shapes = {key: (value.shape, value.dtype) for key, value in clip.model.state_dict().items()}
    assert {key: (value.shape, value.dtype) for key, value in bare.model.state_dict().items()} == shapes
    assert bare.image_size == clip.image_size
    assert clip.tokenize(["a bee"]).shape == (1, bare.context_length)
    with torch.no_grad():
        assert clip.model.encode_text(clip.tokenize(["a bee"])).shape == (1, bare.embed_dim)


@pytest.mark.parametrize("method", METHODS)
def test_parameters_are_counted_exactly(method: str) -> None:
    model = load_clip("tiny").model
    adapt(model, method=method, rank=4, last_n=1)
    model.logit_scale.requires_grad_(True)
    planned = plan(method=method)
    trained = [parameter.numel() for parameter in trained_parameters(model)]
    assert planned.trained_parameters == sum(trained)
    assert planned.all_parameters == sum(parameter.numel() for parameter in model.parameters())
    assert planned.step.gradients == 4 * sum(trained)
    assert planned.step.optimiser == 8 * sum(trained) + 4 * len(trained)  # and a count of steps for each


@pytest.mark.parametrize("method", METHODS)
def test_checkpointing_holds_less_and_computes_more(method: str) -> None:
    off, on = plan(method=method), plan(method=method, gradient_checkpointing=True)
    assert on.step.activations < off.step.activations
    assert on.step.flops > off.step.flops
    assert (on.step.weights, on.step.optimiser) == (off.step.weights, off.step.optimiser)


def test_what_is_cheap_is_cheaper() -> None:
    activations = {method: plan(method=method).step.activations for method in METHODS}
    assert activations["dora"] > activations["lora"] > activations["last_layers"]
    assert plan(method="full", precision="bf16").step.activations < activations["full"]


def test_memory_is_a_line_in_the_chunk() -> None:
    memory, middle = plan(method="full").memory, plan(method="full", batch_size=32)
    assert middle.step.peak == pytest.approx(memory.fixed + memory.per_pair * 32, rel=0.01)


def test_the_largest_chunk_fits_and_one_more_does_not() -> None:
    memory = plan(method="full").memory
    budget = memory.peak(40)
    assert memory.largest_chunk(budget) == 40
    assert memory.largest_chunk(budget - 1) == 39
    assert memory.largest_chunk(memory.fixed) == 0


def test_a_batch_takes_its_pixels_and_grows_with_the_square_of_its_pairs() -> None:
    sizes = {"image_size": 32, "embed_dim": 8, "terms": {"ce": 1.0, "variance": 1.0}}
    small, large = batch_bytes(500, **sizes), batch_bytes(1000, **sizes)
    assert 3.5 < (large - 1000 * 3072) / (small - 500 * 3072) < 4.5
    assert batch_bytes(1000, **(sizes | {"terms": {"ce": 1.0}})) < large


def test_a_model_that_nobody_has_weights_of() -> None:
    bare = bare_clip("ViT-B-32", "no/such/file.safetensors")
    assert bare.model.visual.conv1.weight.is_meta
    with pytest.raises(UserError, match="did you mean 'openai'"):
        bare_clip("ViT-B-32", "opena")
    with pytest.raises(UserError, match="did you mean 'mini'"):
        bare_clip("minni")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
@pytest.mark.parametrize(
    "row", list(rows([("tiny", "fp32"), ("mini", "bf16")])), ids=lambda row: "-".join(map(str, row.values()))
)
def test_the_plan_is_what_a_step_takes(row: dict[str, Any]) -> None:
    assert planned(row) / measure(row) == pytest.approx(1, abs=0.15)
