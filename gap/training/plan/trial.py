"""A trial's own step, as it is simulated."""

from collections.abc import Callable

import torch

from gap.models.adapters import adapt
from gap.models.bare import BareClip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.training.config import TrialConfig
from gap.training.fit import make_optimiser
from gap.training.plan.fake import as_fake
from gap.training.plan.simulate import Subject
from gap.training.step import batch_loss, train_step


def trial_subject(config: TrialConfig, bare: BareClip) -> Callable[[], Subject]:
    """Give what makes a trial's model and step, in the order of ``fit``, for ``simulate``.

    Captions are as long as the text tower takes them; the trial's data is not read. The bare model is changed: one
    serves one trial.

    >>> from gap.models.bare import bare_clip
    >>> from gap.training.plan.simulate import simulate
    >>> config = TrialConfig(model="tiny", data="none", method="lora", rank=4)
    >>> one, = simulate(trial_subject(config, bare_clip("tiny")), [8])
    >>> one.weights > 1000 * one.gradients, one.optimiser > 2 * one.gradients
    (False, True)
    """
    model = bare.model
    with torch.device("meta"):
        adapt(model, method=config.method, rank=config.rank, last_n=config.last_n)
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    model.logit_scale.requires_grad_(config.temperature == "learned")

    def make() -> Subject:
        as_fake(model)
        train_mode(model)
        optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)

        def step(pairs: int) -> object:
            pixels = torch.empty(pairs, 3, bare.image_size, bare.image_size)
            tokens = torch.zeros(pairs, bare.context_length, dtype=torch.int64)
            loss, values = batch_loss(
                model,
                pixels.contiguous(memory_format=torch.channels_last),
                tokens,
                terms=config.term_weights,
                alpha=config.alpha,
                beta=config.beta,
                precision=config.precision,
            )
            return train_step(optimiser, loss, values, step=0)

        return Subject(model, optimiser, step)

    return make
