"""The peak memory of two training steps on a CPU, measured in the process that makes them (Linux).

python -m benchmarks.peak ROW, where ROW is the JSON of a ``TrialConfig``'s settings, prints the bytes. ``measure`` runs
it in a fresh process. The figure is how much more memory is resident at the peak of the steps than before there was a
model. One step of the same trial comes before that: it takes what a process takes once, pages of code and the kernels
that oneDNN compiles for every shape (15 to 50 MB, most of it in bf16), which no plan knows. glibc is told to map
everything above 64 KiB on its own: freed memory is given back at once, and the peak is that of the tensors.
"""

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.isolated import run_module
from benchmarks.memory import RESET, held_gb
from gap.models.adapters import adapt
from gap.models.attention import split_attention
from gap.models.bare import bare_clip
from gap.models.clip import Clip, ClipModel
from gap.models.load import OWN, load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.published import create, weights_of
from gap.training.config import TrialConfig
from gap.training.encoders import pixel_encoder, token_encoder
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import make_optimiser
from gap.training.step import make_objective, train_step


def measure(settings: Mapping[str, Any]) -> int:
    """Give the bytes of a trial with these settings; the weights of a published model are random."""
    return int(run_module("benchmarks.peak", json.dumps({"data": "none", **settings})))


def _grown(config: TrialConfig) -> int:
    """Make a model and its steps here and now; give the growth from before the model to the peak of the steps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = held_gb("VmRSS")
    steps = _ready(config)
    RESET.write_text("5")  # the peak starts anew: loading a model is no part of a step
    steps(2)
    most = held_gb("VmHWM")
    if before is None or most is None:
        raise OSError("expected Linux, whose kernel tells what a process holds")
    return round((most - before) * 1e9)


def _ready(config: TrialConfig) -> Callable[[int], None]:
    torch.manual_seed(0)
    sizes = bare_clip(config.model, config.pretrained)
    model = _random_model(config)
    how = ("method", "rank", "scaling", "last_n", "adapt_blocks")
    adapt(model, **{name: getattr(config, name) for name in how})
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    model.to(memory_format=torch.channels_last)
    model.logit_scale.requires_grad_(True)
    optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)
    objective = make_objective(model, terms=config.term_weights, alpha=config.alpha, beta=config.beta)
    train_mode(model)
    gc.collect()

    def steps(count: int) -> None:
        size, side = config.batch_size, sizes.image_size
        pixels = np.random.default_rng(0).integers(0, 256, (size, side, side, 3), dtype=np.uint8)
        tokens = torch.randint(1, 1000, (size, sizes.context_length))
        clip = Clip("random", None, model, lambda texts: tokens, side, (0.5,) * 3, (0.5,) * 3, {})
        images = pixel_encoder(clip, pixels, device=torch.device("cpu"), precision=config.precision)
        texts = token_encoder(clip, tokens, device=torch.device("cpu"), precision=config.precision)
        batch = Batch(np.arange(size), np.arange(size))
        for number in range(count):
            load = load_chunks(batch, images, texts, chunk=size)
            gradients = partial(accumulate, load, images, texts, objective, size=size, chunk=size)
            train_step(optimiser, gradients, step=number)

    return steps


def _random_model(config: TrialConfig) -> ClipModel:
    if config.model in OWN:
        return load_clip(config.model).model
    model: ClipModel = create(config.model, None, quick_gelu=weights_of(config.model, config.pretrained)[1])
    split_attention(model)
    return model


if __name__ == "__main__":
    wanted = TrialConfig.model_validate_json(sys.argv[1])
    _ready(wanted)(1)
    print(_grown(wanted))
