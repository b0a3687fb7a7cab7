"""One training step of open_clip's architectures by all four methods; the slow ones take 20 minutes in all."""

import copy
from collections import Counter
from functools import partial
from typing import Any

import numpy as np
import open_clip
import peft
import pytest
import torch
from architectures import NEEDS_THE_HUB, SAME_MODULES, STEPPED, TOO_LARGE, TOO_LARGE_SAME_MODULES

from gap.errors import UserError
from gap.models.adapters import METHODS, adapt, check_adapters_reached, trained_parameters
from gap.models.attention import split_attention
from gap.models.bare import _with_tower, bare_clip
from gap.models.clip import Clip
from gap.models.hub_towers import TOWERS
from gap.models.modes import train_mode
from gap.models.narrow_strides import go_round_narrow_strides
from gap.models.published import create
from gap.training.config import TrialConfig
from gap.training.encoders import pixel_encoder, token_encoder
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import make_optimiser
from gap.training.plan.trial import plan_trial
from gap.training.step import make_objective, train_step

BATCH = 2
CPU = torch.device("cpu")
NOT_STEPPED = [*SAME_MODULES, *TOO_LARGE, *TOO_LARGE_SAME_MODULES, *NEEDS_THE_HUB]


def random_clip(name: str) -> Clip:
    """Build an architecture with random weights, as open_clip draws them, without its tokenizer."""
    torch.manual_seed(0)
    architecture = copy.deepcopy(open_clip.get_model_config(name))
    tower = TOWERS.get(architecture["text_cfg"].get("hf_model_name"))
    model: Any = create(name, None, quick_gelu=False) if tower is None else _with_tower(architecture, tower)
    split_attention(model)
    size = bare_clip(name, "weights.pt").image_size
    half = (0.5, 0.5, 0.5)
    return Clip(
        name, None, model, tokenize=no_tokenizer, image_size=size, mean=half, std=half, architecture=architecture
    )


def no_tokenizer(texts: list[str]) -> torch.Tensor:
    raise AssertionError("tokens are drawn")


def random_tokens(name: str) -> torch.Tensor:
    """Draw words between the first and the last token of a text of full length."""
    text, length = open_clip.get_model_config(name)["text_cfg"], bare_clip(name, "weights.pt").context_length
    words = text.get("vocab_size", 49408) if "hf_model_name" not in text else 250_000
    tokens = torch.randint(3, words - 2, (BATCH, length))
    tokens[:, -1] = words - 1
    return tokens


def one_step(clip: Clip, tokens: torch.Tensor, method: str) -> peft.PeftModel | None:
    """Make the step of a run, with everything but its data and its schedule."""
    clip.model.zero_grad(set_to_none=True)
    wrapped = adapt(clip.model, method=method, rank=4)
    go_round_narrow_strides(clip.model)
    clip.model.to(CPU, memory_format=torch.channels_last)
    train_mode(clip.model)
    optimiser = make_optimiser(clip.model, lr=1e-3, weight_decay=0.01)
    base = "ce" if getattr(clip.model, "logit_bias", None) is None else "siglip"
    objective = make_objective(clip.model, terms={base: 1.0}, alpha=1.0, beta=1.0)
    random, rows = np.random.default_rng(0), np.arange(BATCH)
    pixels = random.integers(0, 256, (BATCH, clip.image_size, clip.image_size, 3), dtype=np.uint8)
    images = pixel_encoder(clip, pixels, device=CPU, precision="fp32")
    texts = token_encoder(clip, tokens, device=CPU, precision="fp32")
    load = load_chunks(Batch(rows, rows), images, texts, chunk=BATCH)
    train_step(optimiser, partial(accumulate, load, images, texts, objective, size=BATCH, chunk=BATCH), step=0)
    check_adapters_reached(clip.model)
    found = {name: p.grad for name, p in clip.model.named_parameters() if p.requires_grad and p.grad is not None}
    assert all(gradient.isfinite().all() for gradient in found.values())
    for tower in (True, False):  # something of either tower has moved
        assert any(gradient.any() for name, gradient in found.items() if name.startswith("visual.") == tower), tower
    return wrapped


def test_every_architecture_is_named_once() -> None:
    named = Counter([*STEPPED, *NOT_STEPPED])
    own = {name for name in open_clip.list_models() if name.startswith("small-")}  # those that other tests add
    assert set(named) == set(open_clip.list_models()) - own
    assert max(named.values()) == 1
    for smaller in (*SAME_MODULES.values(), *TOO_LARGE_SAME_MODULES.values()):
        assert smaller in (*STEPPED, *TOO_LARGE)


def test_what_needs_the_hub_is_refused_without_it() -> None:
    for name in NEEDS_THE_HUB:
        with pytest.raises(UserError, match="from the Hugging Face hub"):
            bare_clip(name, "weights.pt")


@pytest.mark.slow
def test_what_is_too_large_is() -> None:
    for name in (*TOO_LARGE, *TOO_LARGE_SAME_MODULES):
        assert sum(parameter.numel() for parameter in bare_clip(name, "weights.pt").model.parameters()) > 460e6, name


def test_a_tower_that_works_in_place_trains() -> None:
    clip = random_clip("MobileCLIP2-S0")
    assert any(getattr(module, "inplace", False) for module in clip.model.modules())
    one_step(clip, random_tokens("MobileCLIP2-S0"), "dora")


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPPED)
def test_one_step_by_every_method(name: str) -> None:
    clip, tokens = random_clip(name), random_tokens(name)
    failed = {}
    for method in ("full", "last_layers", "lora", "dora"):  # the last two stand on the moved weights of the others
        assert method in METHODS
        try:
            wrapped = one_step(clip, tokens, method)
        except UserError as error:
            failed[method] = str(error)
            continue
        if wrapped is not None:
            wrapped.unload()
    assert failed == {}


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_step_can_be_made_of_what_is_too_large(name: str, method: str) -> None:
    plan = plan_trial(TrialConfig(model=name, pretrained="weights.pt", data="none", method=method, batch_size=BATCH))
    assert 0 < plan.trained_parameters <= plan.all_parameters
    assert plan.step.flops > 0
    assert any(True for _ in trained_parameters(bare_clip(name, "weights.pt").model))
