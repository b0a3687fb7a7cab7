"""One fine-tuning run from beginning to end."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from gap.data import open_dataset
from gap.models.adapters import adapt, check_adapters_reached, trained_parameters
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.save import save_adapter
from gap.training.baseline import measured_once
from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.evaluation import embed_split, evaluate_features, make_split, training_recall, training_sample
from gap.training.pairs import make_training_pairs
from gap.training.schedule import warmup_cosine
from gap.training.step import batch_loss, train_step
from gap.training.temperature import Temperature


def fit(config: TrialConfig, adapter_dir: Path | None = None) -> Iterator[dict[str, int | float]]:
    """Fine-tune a CLIP and yield its metrics after every epoch; epoch 0 is the model before training.

    Every dictionary holds ``epoch``, the metrics of the test split (``gap.metrics.METRICS``), ``logit_scale`` (the
    multiplier s = 1/temperature), ``seconds`` (since the start), ``train_seconds`` (of these, in optimiser steps),
    ``peak_memory_gb`` and ``trained_parameters`` (how many numbers the optimiser moves). From epoch 1 on also ``loss``
    and ``term_<name>`` (means over the epoch's steps; terms unweighted), ``last_lr`` (of the last step) and
    ``images_per_second`` (while training). With ``train_metrics`` also ``train_recall_at_k``, on training images.

    The same configuration gives the same numbers to the last bit on a CPU with the same number of threads (times and
    memory apart). What was trained is saved in ``adapter_dir`` after the last epoch, before it is yielded. The global
    random state is seeded.

    Raises ``NonFiniteError`` that names the step and the term, or the metric, that stopped being finite, and
    ``UserError`` for a model, a checkpoint or a dataset that cannot be used.
    """
    start = time.perf_counter()
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    reset_peak_memory(device)
    clip = load_clip(config.model, config.pretrained)
    model = clip.model
    wrapped = adapt(model, method=config.method, rank=config.rank, last_n=config.last_n)
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    model.to(device, memory_format=torch.channels_last)
    temperature = Temperature(model.logit_scale, policy=config.temperature, temperature_end=config.temperature_end)

    dataset = open_dataset(config.data)
    pairs, test = make_training_pairs(dataset, clip), make_split(dataset, clip, dataset.test)
    steps_per_epoch = max(len(dataset.train) // config.batch_size, 1)
    steps = steps_per_epoch * config.epochs
    optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, partial(warmup_cosine, warmup_steps=round(config.warmup * steps), steps=steps)
    )

    def embed() -> tuple[Tensor, Tensor]:
        return embed_split(clip, dataset, test, device=device, precision=config.precision)

    sample = training_sample(dataset, clip) if config.train_metrics else None

    def on_training_images() -> dict[str, float]:
        if sample is None:
            return {}
        return training_recall(
            clip, dataset, sample, device=device, precision=config.precision, pool_size=config.pool_size
        )

    def report(epoch: int, metrics: dict[str, float], train_seconds: float) -> dict[str, int | float]:
        return {
            "epoch": epoch,
            **metrics,
            **on_training_images(),
            "logit_scale": model.logit_scale.exp().item(),
            "seconds": time.perf_counter() - start,
            "train_seconds": train_seconds,
            "peak_memory_gb": peak_memory_gb(device),
            "trained_parameters": sum(parameter.numel() for parameter in trained_parameters(model)),
        }

    # An adapted model equals its base until its first step; a prepared directory never changes.
    before = (config.model, config.pretrained, config.data, config.device, config.precision)
    base = measured_once(before, embed)
    yield report(
        0,
        measured_once((*before, config.pool_size), lambda: evaluate_features(test, *base, pool_size=config.pool_size)),
        0.0,
    )
    temperature.step(0.0)  # a fixed one holds from the first step on

    train_seconds, step = 0.0, 0
    for epoch in range(1, config.epochs + 1):
        train_mode(model)
        began, images, sums = time.perf_counter(), 0, dict[str, float]()
        for pixels, tokens in pairs.batches(batch_size=config.batch_size, seed=config.seed, epoch=epoch, device=device):
            lr = optimiser.param_groups[0]["lr"]
            loss, values = batch_loss(
                model,
                pixels,
                tokens,
                terms=config.term_weights,
                alpha=config.alpha,
                beta=config.beta,
                precision=config.precision,
            )
            shown = train_step(optimiser, loss, values, step=step)
            if step == 0:
                check_adapters_reached(model)
            schedule.step()
            step += 1
            temperature.step(step / steps)
            images += len(pixels)
            sums = {name: sums.get(name, 0.0) + value for name, value in shown.items()}
        seconds = time.perf_counter() - began
        train_seconds += seconds
        metrics = evaluate_features(test, *embed(), pool_size=config.pool_size, base=base)
        measured = report(epoch, metrics, train_seconds)
        if epoch == config.epochs and adapter_dir is not None:
            save_adapter(clip, wrapped, adapter_dir)
        means = {name: value / steps_per_epoch for name, value in sums.items()}
        yield {**measured, **means, "last_lr": lr, "images_per_second": images / seconds}


def make_optimiser(model: nn.Module, *, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """Make AdamW over what is trained; biases, norms, magnitudes and the temperature do not decay."""
    trained = list(trained_parameters(model))
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, fused=True)
