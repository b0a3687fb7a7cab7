"""One fine-tuning run from beginning to end."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from gap.data import open_dataset
from gap.models.adapters import adapt, check_adapters_reached, trained_parameters
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.save import save_adapter
from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.evaluation import embed_split, evaluate_features, make_split, training_recall, training_sample
from gap.training.once import once
from gap.training.pairs import make_training_pairs
from gap.training.schedule import warmup_cosine
from gap.training.state import Report, load_state, save_state
from gap.training.step import batch_loss, train_step
from gap.training.temperature import Temperature


def fit(
    config: TrialConfig,
    adapter_dir: Path | None = None,
    *,
    state_file: Path | None = None,
    score: Callable[[Mapping[str, int | float]], float] | None = None,
) -> Iterator[Report]:
    """Fine-tune a CLIP and yield its metrics after every epoch; epoch 0 is the model before training.

    Every dictionary holds ``epoch``, the metrics of the test split (``gap.metrics.METRICS``), ``logit_scale`` (the
    multiplier s = 1/temperature), ``seconds`` (since the start), ``train_seconds`` (of these, in optimiser steps),
    ``peak_memory_gb`` and ``trained_parameters`` (how many numbers the optimiser moves). From epoch 1 on also ``loss``
    and ``term_<name>`` (means over the epoch's steps; terms unweighted), ``last_lr`` (of the last step) and
    ``images_per_second`` (while training). With ``train_metrics`` also ``train_recall_at_k``, on training images.

    The same configuration gives the same numbers to the last bit on a CPU with the same number of threads (times and
    memory apart). What was trained is saved in ``adapter_dir`` after the epoch, from 1 on, that maximises ``score`` of
    its metrics, the earliest on a tie; after the last one without a ``score``. The global random state is seeded.

    With a ``state_file``, where the run stands is written there after every epoch, before it is yielded. If the file is
    there already, the run goes on from it: the epochs that it holds are yielded again, as they were reported, and the
    numbers are those of a run that was never interrupted.

    Raises ``NonFiniteError`` that names the step and the term, or the metric, that stopped being finite, and
    ``UserError`` for a model, a checkpoint or a dataset that cannot be used.
    """
    start = time.perf_counter()
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    reset_peak_memory(device)
    clip = _fresh_clip(config.model, config.pretrained)
    model = clip.model
    wrapped = adapt(
        model, method=config.method, rank=config.rank, last_n=config.last_n, adapt_blocks=config.adapt_blocks
    )
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    model.to(device, memory_format=torch.channels_last)
    temperature = Temperature(model.logit_scale, policy=config.temperature, temperature_end=config.temperature_end)

    dataset = open_dataset(config.data)
    read = (config.model, config.pretrained, config.data)  # a prepared directory never changes
    pairs = once(("pairs", *read), lambda: make_training_pairs(dataset, _base_clip(config.model, config.pretrained)))
    test = once(("test", *read), lambda: make_split(dataset, clip, dataset.test))
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

    def report(epoch: int, metrics: dict[str, float], train_seconds: float) -> Report:
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

    # An adapted model equals its base until its first step.
    before = (*read, config.device, config.precision)
    base = once(("base", *before), embed)
    if state_file is not None and state_file.exists():
        reports = load_state(state_file, config=config, model=model, optimiser=optimiser, schedule=schedule)
        start -= reports[-1]["seconds"]
    else:
        zero = once(
            ("zero", *before, config.pool_size), lambda: evaluate_features(test, *base, pool_size=config.pool_size)
        )
        reports = [report(0, zero, 0.0)]
    yield from reports
    temperature.step((len(reports) - 1) / config.epochs)  # a fixed one holds from the first step on

    train_seconds, step = reports[-1]["train_seconds"], (len(reports) - 1) * steps_per_epoch
    for epoch in range(len(reports), config.epochs + 1):
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
            if images == 0:
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
        means = {name: value / steps_per_epoch for name, value in sums.items()}
        reports.append({**measured, **means, "last_lr": lr, "images_per_second": images / seconds})
        if adapter_dir is not None and epoch == (config.epochs if score is None else best_epoch(reports, score)):
            save_adapter(clip, wrapped, adapter_dir)
        if state_file is not None:
            save_state(state_file, config=config, reports=reports, model=model, optimiser=optimiser, schedule=schedule)
        yield reports[-1]


def best_epoch(
    reports: Sequence[Mapping[str, int | float]], score: Callable[[Mapping[str, int | float]], float]
) -> int:
    """Give the epoch, from 1 on, with the greatest score, the earliest on a tie.

    >>> best_epoch([{"epoch": 0, "r": 9.0}, {"epoch": 1, "r": 4.0}, {"epoch": 2, "r": 4.0}], lambda report: report["r"])
    1
    """
    trained = [report for report in reports if report["epoch"] >= 1]
    return int(max(trained, key=score)["epoch"])


def _base_clip(name: str, pretrained: str | None) -> Clip:
    return once(("clip", name, pretrained), lambda: load_clip(name, pretrained))


def _fresh_clip(name: str, pretrained: str | None) -> Clip:
    """Copy the base from memory: reading it anew for every run costs seconds."""
    base = _base_clip(name, pretrained)
    return replace(base, model=copy.deepcopy(base.model))


def make_optimiser(model: nn.Module, *, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """Make AdamW over what is trained; biases, norms, magnitudes and the temperature do not decay."""
    trained = list(trained_parameters(model))
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, fused=True)
