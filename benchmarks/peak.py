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
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from gap.models.adapters import adapt
from gap.models.attention import split_attention
from gap.models.bare import bare_clip
from gap.models.clip import ClipModel
from gap.models.load import OWN, load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.published import create, weights_of
from gap.training.config import TrialConfig
from gap.training.fit import make_optimiser
from gap.training.step import batch_loss, train_step

ROOT = Path(__file__).resolve().parents[1]
GLIBC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def measure(settings: Mapping[str, Any]) -> int:
    """Give the bytes of a trial with these settings; the weights of a published model are random."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", json.dumps({"data": "none", **settings})],
        cwd=ROOT, env={**os.environ, **GLIBC}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout.splitlines()[-1])


def _grown(config: TrialConfig) -> int:
    """Make a model and its steps here and now; give the growth from before the model to the peak of the steps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _memory("VmRSS")
    steps = _ready(config)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: loading a model is no part of a step
    steps(2)
    return _memory("VmHWM") - before


def _ready(config: TrialConfig) -> Callable[[int], None]:
    torch.manual_seed(0)
    sizes = bare_clip(config.model, config.pretrained)
    model = _random_model(config)
    adapt(model, method=config.method, rank=config.rank, last_n=config.last_n)
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    model.to(memory_format=torch.channels_last)
    model.logit_scale.requires_grad_(True)
    optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)
    train_mode(model)
    gc.collect()

    def steps(count: int) -> None:
        for number in range(count):
            images = torch.rand(config.batch_size, sizes.image_size, sizes.image_size, 3).permute(0, 3, 1, 2)
            texts = torch.randint(1, 1000, (config.batch_size, sizes.context_length))
            terms, precision = config.term_weights, config.precision
            loss, values = batch_loss(model, images, texts, terms=terms, alpha=1.0, beta=1.0, precision=precision)
            train_step(optimiser, loss, values, step=number)

    return steps


def _random_model(config: TrialConfig) -> ClipModel:
    if config.model in OWN:
        return load_clip(config.model).model
    model: ClipModel = create(config.model, None, quick_gelu=weights_of(config.model, config.pretrained)[1])
    split_attention(model)
    return model


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


if __name__ == "__main__":
    wanted = TrialConfig.model_validate_json(sys.argv[1])
    _ready(wanted)(1)
    print(_grown(wanted))
