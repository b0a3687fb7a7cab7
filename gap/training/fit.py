"""One fine-tuning run from beginning to end."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch

from gap.data import open_dataset
from gap.models.adapters import check_adapters_reached
from gap.models.compilation import compile_blocks, running
from gap.models.modes import train_mode
from gap.models.save import save_adapter
from gap.training.chunks import pairs_at_once
from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.epoch import train_epoch
from gap.training.evaluation import (
    Embedded,
    embed_split,
    embed_with,
    evaluate_features,
    make_split,
    training_recall,
    training_sample,
)
from gap.training.learner import base_key, make_learner
from gap.training.once import once
from gap.training.pairs import make_training_pairs, say_left_out
from gap.training.schedule import warmup_cosine
from gap.training.state import Report, load_state, save_state
from gap.training.towers import make_towers

_logger = logging.getLogger(__name__)


def fit(
    config: TrialConfig,
    adapter_dir: Path | None = None,
    *,
    state_file: Path | None = None,
    score: Callable[[Mapping[str, int | float]], float] | None = None,
    look: Callable[[Embedded], None] | None = None,
    note: Callable[[str], None] = _logger.warning,
) -> Iterator[Report]:
    """Fine-tune a CLIP and yield its metrics after every epoch; epoch 0 is the model before training.

    Every dictionary holds ``epoch``, the metrics of the test split (``gap.metrics.METRICS``), ``logit_scale`` (the
    multiplier s = 1/temperature), ``seconds`` (since the start), ``train_seconds`` (of these, in optimiser steps),
    ``peak_memory_gb`` and ``trained_parameters`` (how many numbers the optimiser moves). From epoch 1 on also ``loss``
    and ``term_<name>`` (means over the epoch's steps; terms unweighted), ``last_lr`` (of the last step),
    ``images_per_second`` (while training), ``data_share`` (of the training time, spent waiting for data, from 0 to 1),
    ``pairs_at_once`` (in memory: the batch, or a chunk of it) and ``pairs_left_out`` (training images that no batch of
    the epoch held). With ``train_metrics`` also ``train_recall_at_k``, on training images.

    The same configuration gives the same numbers to the last bit on a CPU with the same number of threads (times and
    memory apart). What was trained is saved in ``adapter_dir`` after the epoch, from 1 on, that maximises ``score`` of
    its metrics, the earliest on a tie; after the last one without a ``score``. The global random state is seeded.

    With a ``state_file``, where the run stands is written there after every epoch, before it is yielded. If the file is
    there already, the run goes on from it: the epochs that it holds are yielded again, as they were reported, and the
    numbers are those of a run that was never interrupted. ``look`` is shown the test split's embeddings after every
    epoch that is measured, before its metrics are yielded. ``note`` is told, a line each time, of what the run changed
    so as to go on, such as a smaller chunk where memory ran out.

    Raises ``NonFiniteError`` that names the step and the term, or the metric, that stopped being finite, and
    ``UserError`` for a model, a checkpoint or a dataset that cannot be used.
    """
    start = time.perf_counter()
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    reset_peak_memory(device)
    learner = make_learner(config)
    clip, model, optimiser = learner.clip, learner.clip.model, learner.optimiser

    dataset = open_dataset(config.data)
    read = (*base_key(config), config.data)  # a prepared directory never changes
    pairs = once(("pairs", *read), lambda: make_training_pairs(dataset, clip))
    test = once(("test", *read), lambda: make_split(dataset, clip, dataset.test))
    drawn: dict[str, Any] = {name: getattr(config, name) for name in ("batch_size", "seed", "unique_captions")}
    per_epoch = pairs.steps(epochs=config.epochs, **drawn)
    steps_before = [0, *accumulate(per_epoch)]
    steps = steps_before[-1]
    if config.unique_captions:
        note(say_left_out(per_epoch, pairs=len(pairs.images), batch_size=config.batch_size))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, partial(warmup_cosine, warmup_steps=round(config.warmup * steps), steps=steps)
    )

    # An adapted model equals its base until its first step, whose figures are measured once for all runs.
    before = (*read, config.device, config.precision)
    base = once(("base", *before), lambda: embed_split(clip, dataset, test, device=device, precision=config.precision))
    towers = make_towers(
        clip, dataset, device=device, precision=config.precision, cache_prefix=config.cache_prefix, note=note
    )
    texts, test_texts = towers.texts(pairs.tokens), towers.texts(test.tokens)
    sample = training_sample(dataset, clip) if config.train_metrics else None
    sample_texts = towers.texts(sample.tokens) if sample is not None else None

    def report(epoch: int, metrics: dict[str, float], train_seconds: float) -> Report:
        on_training_images = {}
        if sample is not None and sample_texts is not None:
            features = embed_with(clip, towers.images, sample_texts, sample)
            on_training_images = training_recall(sample, *features, pool_size=config.pool_size)
        return {
            "epoch": epoch,
            **metrics,
            **on_training_images,
            "logit_scale": model.logit_scale.exp().item(),
            "seconds": time.perf_counter() - start,
            "train_seconds": train_seconds,
            "peak_memory_gb": peak_memory_gb(device),
            "trained_parameters": learner.trained_parameters,
        }

    if state_file is not None and state_file.exists():
        reports = load_state(state_file, config=config, model=model, optimiser=optimiser, schedule=schedule)
        start -= reports[-1]["seconds"]
    else:
        zero = once(
            ("zero", *before, config.pool_size), lambda: evaluate_features(test, *base, pool_size=config.pool_size)
        )
        reports = [report(0, zero, 0.0)]
        if look is not None:
            look(Embedded(0, test, *base, counts=False))
    yield from reports
    learner.temperature.step(steps_before[len(reports) - 1] / steps)  # a fixed one holds from the first step on

    step, used_lr, train_seconds = 0, 0.0, reports[-1]["train_seconds"]
    chunk = pairs_at_once(config, note=note)
    compiled = config.compile and compile_blocks(model, skip=towers.skipped) > 0

    def after_step() -> None:
        nonlocal step, used_lr
        if step in steps_before:
            check_adapters_reached(model)
        used_lr = optimiser.param_groups[0]["lr"]
        schedule.step()
        step += 1
        learner.temperature.step(step / steps)

    for epoch in range(len(reports), config.epochs + 1):
        step = steps_before[epoch - 1]
        train_mode(model)
        trained = train_epoch(
            list(pairs.batches(epoch=epoch, **drawn)),
            towers.images,
            texts,
            learner.objective,
            optimiser,
            device=device,
            chunk=chunk,
            compiled=compiled,
            first_step=step,
            after_step=after_step,
            note=note,
        )
        chunk, compiled, train_seconds = trained.chunk, trained.compiled, train_seconds + trained.seconds
        with running(compiled=False):
            features = embed_with(clip, towers.images, test_texts, test)
        metrics = evaluate_features(test, *features, pool_size=config.pool_size, base=base)
        measured = report(epoch, metrics, train_seconds)
        speed = {
            "last_lr": used_lr,
            "images_per_second": trained.images / trained.seconds,
            "data_share": trained.waited / trained.seconds,
            "pairs_at_once": min(chunk, config.batch_size),
            "pairs_left_out": len(pairs.images) - trained.images,
        }
        reports.append({**measured, **trained.means, **speed})
        counts = score is None or epoch == best_epoch(reports, score)
        if adapter_dir is not None and counts and (score is not None or epoch == config.epochs):
            save_adapter(clip, learner.wrapped, adapter_dir)
        if look is not None:
            look(Embedded(epoch, test, *features, counts=counts))
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
