"""A stand-in for the rehearsal of arasaac_es.yaml: real learning curves at a few milliseconds an epoch.

The pictograms and their Spanish names are embedded once by ``mini`` as it is before fine-tuning, and stay frozen. A
trial trains a residual low-rank map on each modality's embeddings, of the searched rank, and the temperature, with the
project's own losses, optimiser, schedule and batches; after every epoch the held-out pairs are measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from gap.data import open_dataset, prepare
from gap.losses import parse_terms, total_loss
from gap.metrics import modality_gap
from gap.metrics.protocols import relevance
from gap.metrics.retrieval import best_ranks
from gap.models.load import load_clip
from gap.training.errors import NonFiniteError
from gap.training.evaluation import embed_split, make_split
from gap.training.learner import make_optimiser
from gap.training.pairs import TrainingCaptions
from gap.training.schedule import warmup_cosine
from gap.training.settings import TrainingSettings
from gap.training.step import train_step
from gap.training.temperature import Temperature
from study.trainable import trial_settings

Values = tuple[float, float]  # recall_at_1, modality_gap


@dataclass(frozen=True)
class Frozen:
    """Unit vectors of one model: row i of ``images`` and of ``texts`` is a pair; ``captions`` names equal texts."""

    images: Tensor
    texts: Tensor
    train: np.ndarray
    test: np.ndarray
    captions: np.ndarray
    logit_scale: float


def embed_pictograms() -> Frozen:
    """Embed the bundled pictograms and their first Spanish name with ``mini``."""
    return embed_pairs("pictograms", "es")


def embed_pairs(name: str, language: str, data_dir: Path | None = None) -> Frozen:
    """Embed the images of a dataset and the first caption of each with ``mini``."""
    clip = load_clip("mini")
    dataset = open_dataset(
        prepare(name, language=language, image_size=clip.image_size, data_dir=data_dir, progress=False)
    )
    split = make_split(dataset, clip, np.arange(len(dataset.captions)))
    images, texts = embed_split(clip, dataset, split, device=torch.device("cpu"), precision="fp32")
    _, first = np.unique(split.image_of_text, return_index=True)
    return Frozen(
        images.clone(),
        texts[first].clone(),  # made in inference mode, without which no gradient could pass
        dataset.train,
        dataset.test,
        split.caption_ids[first],
        clip.model.logit_scale.item(),
    )


class LowRank(nn.Module):
    """v + B A v, normalised; B starts at zero, so that training starts from the frozen embedding."""

    def __init__(self, dimensions: int, rank: int, random: torch.Generator) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, dimensions, generator=random) / dimensions**0.5)
        self.up = nn.Parameter(torch.zeros(dimensions, rank))

    def forward(self, features: Tensor) -> Tensor:
        """Move unit vectors to unit vectors."""
        return F.normalize(features + features @ self.down.T @ self.up.T, dim=-1)


class Adapted(nn.Module):
    """What a trial trains: a map of each modality and the temperature."""

    def __init__(self, frozen: Frozen, *, rank: int, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        dimensions = frozen.images.shape[1]
        self.images, self.texts = LowRank(dimensions, rank, random), LowRank(dimensions, rank, random)
        self.logit_scale = nn.Parameter(torch.tensor(frozen.logit_scale))


class Measure:
    """Recall at 1 in pools and the gap of held-out pairs, as ``gap.metrics.evaluate`` gives them, and no more.

    Which answers are right never changes, so it is worked out once.
    """

    def __init__(self, frozen: Frozen, *, pool_size: int = 90) -> None:
        order = np.random.default_rng(0).permutation(len(frozen.test))
        whole = max(len(order) // pool_size, 1)
        self._pools = [order[i * pool_size : (i + 1) * pool_size] for i in range(whole)]
        captions = frozen.captions[frozen.test]
        self._right = [relevance(np.arange(len(pool)), captions[pool], len(pool)) for pool in self._pools]

    def __call__(self, images: Tensor, texts: Tensor) -> Values:
        """Measure the embeddings of the held-out pairs."""
        ranks = []
        for pool, (images_of_text, texts_of_image) in zip(self._pools, self._right, strict=True):
            x, y = images[pool], texts[pool]
            ranks += [best_ranks(y, x, images_of_text), best_ranks(x, y, texts_of_image)]
        return 100 * (torch.cat(ranks) <= 1).double().mean().item(), modality_gap(images, texts).item()


def untrained(frozen: Frozen) -> Values:
    """Measure the frozen embeddings themselves."""
    return Measure(frozen)(frozen.images[frozen.test], frozen.texts[frozen.test])


def _gradients(
    model: Adapted, frozen: Frozen, rows: np.ndarray, *, terms: Mapping[str, float], alpha: float, beta: float
) -> tuple[Tensor, dict[str, Tensor]]:
    total, values = total_loss(
        model.images(frozen.images[rows]),
        model.texts(frozen.texts[rows]),
        terms=terms,
        logit_scale=model.logit_scale.exp(),
        alpha=alpha,
        beta=beta,
    )
    total.backward()
    return total, values


def train(frozen: Frozen, settings: TrainingSettings, *, seed: int) -> Iterator[Values]:
    """Train one trial and yield its values after every epoch; it ends early where something is not finite."""
    model, measure = Adapted(frozen, rank=settings.rank, seed=seed), Measure(frozen, pool_size=settings.pool_size)
    temperature = Temperature(model.logit_scale, policy=settings.temperature, temperature_end=settings.temperature_end)
    terms = {name: settings.weights.get(name, 1.0) for name in parse_terms(settings.terms)}
    drawn: dict[str, Any] = {"seed": seed, "batch_size": settings.batch_size}
    drawn["unique_captions"] = settings.unique_captions
    ones = np.ones(len(frozen.captions), dtype=np.int64)
    pairs = TrainingCaptions(frozen.train, np.cumsum(ones) - 1, texts=ones, caption_of=frozen.captions)
    steps = sum(pairs.steps(epochs=settings.epochs, **drawn))
    optimiser = make_optimiser(model, lr=settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, partial(warmup_cosine, warmup_steps=round(settings.warmup * steps), steps=steps)
    )
    step = 0
    for epoch in range(1, settings.epochs + 1):
        for batch in pairs.batches(epoch=epoch, **drawn):
            gradients = partial(
                _gradients, model, frozen, batch.images, terms=terms, alpha=settings.alpha, beta=settings.beta
            )
            try:
                train_step(optimiser, gradients, step=step)
            except NonFiniteError:
                return
            schedule.step()
            step += 1
            temperature.step(step / steps)
        with torch.no_grad():
            images, texts = model.images(frozen.images[frozen.test]), model.texts(frozen.texts[frozen.test])
        if not (images.isfinite().all() and texts.isfinite().all()):
            return
        yield measure(images, texts)


class Curves:
    """The learning curves of one seed; a trial that several searches ask for is trained once, as far as asked."""

    def __init__(self, frozen: Frozen, fixed: TrainingSettings, *, seed: int) -> None:
        self._frozen, self._fixed, self._seed = frozen, fixed.model_dump(), seed
        self._known: dict[tuple[tuple[str, Any], ...], Iterator[Values]] = {}

    def __call__(self, parameters: Mapping[str, Any]) -> Iterator[Values]:
        """Give the curve of a trial with these searched parameters."""
        key = tuple(sorted(parameters.items()))
        if key not in self._known:
            settings = TrainingSettings.model_validate(trial_settings({**self._fixed, **parameters}))
            self._known[key] = train(self._frozen, settings, seed=self._seed)
        self._known[key], curve = tee(self._known[key])
        return curve
