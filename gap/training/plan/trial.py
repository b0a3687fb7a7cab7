"""What a trial's step costs, before there are weights, data or a device."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.models.adapters import adapt, trained_parameters
from gap.models.bare import BareClip, bare_clip
from gap.models.clip import Clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.training.config import TrialConfig
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.gradients import accumulate
from gap.training.learner import make_optimiser
from gap.training.plan.fake import as_fake
from gap.training.plan.memory import StepMemory, batch_bytes, step_memory
from gap.training.plan.simulate import Simulated, Subject, peak_and_flops, simulate
from gap.training.step import make_objective, train_step


@dataclass(frozen=True)
class TrialPlan:
    """A trial's parameters; its ``step`` on a whole batch at once; how its memory grows with the chunk."""

    trained_parameters: int
    all_parameters: int
    step: Simulated
    memory: StepMemory


def plan_trial(config: TrialConfig, *, like: Literal["cpu", "cuda"] = "cuda") -> TrialPlan:
    """Simulate a trial's step on its batch and on a quarter of it. No weights are needed, and the data is not read.

    Captions count as long as the text tower takes them. Raises ``UserError`` for an unknown model or method.

    >>> plan = plan_trial(TrialConfig(model="tiny", data="none", method="lora", rank=4, batch_size=16))
    >>> plan.trained_parameters, plan.all_parameters
    (20737, 1809153)
    >>> 0.8 < plan.memory.peak(16) / plan.step.peak < 1.2
    True
    """
    bare, batch = _prepared(config), config.batch_size
    trained = sum(parameter.numel() for parameter in trained_parameters(bare.model))
    parameters = sum(parameter.numel() for parameter in bare.model.parameters())
    few, all_of_it = simulate(_subject(bare, config), [max(batch // 4, 1), batch], like=like)
    whole = batch_bytes(batch, image_size=bare.image_size, embed_dim=bare.embed_dim, terms=config.term_weights)
    return TrialPlan(trained, parameters, all_of_it, step_memory([few, all_of_it], batch=whole))


def embedding_flops(config: TrialConfig, *, count: int = 8) -> tuple[float, float]:
    """Give the floating-point operations that it takes to embed one image, and one text of full length.

    >>> image, text = embedding_flops(TrialConfig(model="tiny", data="none", method="full"))
    >>> round(image / 1e6, 1), round(text / 1e6, 1)
    (5.6, 8.0)
    """

    def images(bare: BareClip) -> object:
        return bare.model.encode_image(_pixels(bare, count))

    def texts(bare: BareClip) -> object:
        return bare.model.encode_text(_tokens(bare, count))

    return _flops_of(config, images) / count, _flops_of(config, texts) / count


def _flops_of(config: TrialConfig, embed: Callable[[BareClip], object]) -> int:
    bare = _prepared(config)

    @torch.no_grad()
    def run() -> None:
        as_fake(bare.model)
        embed(bare)

    return peak_and_flops(run)[1]


def _prepared(config: TrialConfig) -> BareClip:
    """Do to a bare model what ``fit`` does to a loaded one."""
    bare = bare_clip(config.model, config.pretrained)
    with torch.device("meta"):
        adapt(
            bare.model,
            method=config.method,
            rank=config.rank,
            scaling=config.scaling,
            last_n=config.last_n,
            adapt_blocks=config.adapt_blocks,
        )
    gradient_checkpointing(bare.model, enabled=config.gradient_checkpointing)
    bare.model.logit_scale.requires_grad_(config.temperature == "learned")
    return bare


def _subject(bare: BareClip, config: TrialConfig) -> Callable[[], Subject]:
    """Give what makes the model and its step, inside the simulation."""
    model = bare.model

    def make() -> Subject:
        as_fake(model)
        train_mode(model)
        optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)

        objective = make_objective(model, terms=config.term_weights, alpha=config.alpha, beta=config.beta)
        images, texts = _encoders(bare, config)

        def step(pairs: int) -> object:
            load = (encoder.gather(np.arange(pairs)) for encoder in (images, texts))
            gradients = partial(accumulate, load, images, texts, objective, size=pairs, chunk=pairs)
            return train_step(optimiser, gradients, step=0)

        return Subject(model, optimiser, step)

    return make


def _encoders(bare: BareClip, config: TrialConfig) -> tuple[Encoder, Encoder]:
    """Give both towers as training runs them, over images and texts that have no values."""
    device, size = torch.device("cpu"), bare.image_size
    clip = Clip(
        name=config.model,
        pretrained=config.pretrained,
        model=bare.model,
        tokenize=lambda texts: _tokens(bare, len(texts)),
        image_size=size,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        architecture={},
    )
    images = pixel_encoder(clip, np.zeros((0, size, size, 3), np.uint8), device=device, precision=config.precision)
    tokens = torch.zeros(0, bare.context_length, dtype=torch.int64)
    texts = token_encoder(clip, tokens, device=device, precision=config.precision)
    return (
        Encoder(lambda rows: (torch.empty(len(rows), size, size, 3, dtype=torch.uint8),), images.encode),
        Encoder(lambda rows: (_tokens(bare, len(rows)),), texts.encode),
    )


def _pixels(bare: BareClip, count: int) -> Float[Tensor, "n 3 s s"]:
    pixels = torch.empty(count, 3, bare.image_size, bare.image_size)
    return pixels.contiguous(memory_format=torch.channels_last)


def _tokens(bare: BareClip, count: int) -> Int[Tensor, "n length"]:
    return torch.zeros(count, bare.context_length, dtype=torch.int64)
