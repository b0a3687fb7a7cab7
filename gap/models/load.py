"""A CLIP by its name: any of open_clip's with a tag or a file, one on the hub or in a folder, two of our own."""

from collections.abc import Callable

import open_clip

from gap.errors import UserError, unknown
from gap.models.attention import split_attention
from gap.models.clip import Clip
from gap.models.mini.clip import load_mini
from gap.models.published import load_published
from gap.models.short_texts import take_short_texts
from gap.models.tiny import load_tiny
from gap.models.weight_settings import WeightSettings, brings_weights

OWN: dict[str, Callable[[str | None, WeightSettings], Clip]] = {"mini": load_mini, "tiny": load_tiny}


def load_clip(name: str, pretrained: str | None = None, settings: WeightSettings | None = None) -> Clip:
    """Load a CLIP in evaluation mode, fp32, on the CPU, with its packed attention split so that adapters reach it.

    ``name`` is a model of open_clip's, which needs ``pretrained``: one of its tags, or a local checkpoint
    (``.safetensors``, or a ``.pt`` that holds tensors only). ``hf-hub:ORG/REPO`` and ``local-dir:DIR`` are places with
    an ``open_clip_config.json`` and weights. Ours are ``mini``, a small pretrained CLIP, and ``tiny``, a randomly
    initialised ViT for tests; with ``pretrained`` a checkpoint file takes the place of their own weights.

    The activation, and the mean and standard deviation of pixels, are those that the weights were trained with
    (:mod:`gap.models.recipe`); ``settings`` may say what their file does not. ``origin`` of the result tells what was
    decided. The global random state is not touched.

    Raises ``UserError`` on an unknown model or tag, missing weights, a damaged file, another architecture's, one whose
    position tables have other sizes, or weights of which nothing tells how they were trained.

    >>> clip = load_clip("tiny")
    >>> clip.image_size, tuple(clip.tokenize(["a bee"]).shape)
    (32, (1, 77))
    """
    check_known(name)
    check_pretrained(name, pretrained)
    settings = settings or WeightSettings()
    clip = OWN[name](pretrained, settings) if name in OWN else load_published(name, pretrained, settings)
    split_attention(clip.model)
    take_short_texts(clip.model)
    clip.model.eval()
    return clip


def check_pretrained(name: str, pretrained: str | None) -> None:
    """Raise ``UserError`` if a model that brings its weights is given others."""
    if pretrained is not None and brings_weights(name):
        raise UserError(f"model {name} brings its weights: expected no pretrained, got {pretrained}")


def check_known(name: str) -> None:
    """Raise ``UserError`` unless there is a model of this name.

    >>> check_known("minni")
    Traceback (most recent call last):
    gap.errors.UserError: unknown model 'minni': did you mean 'mini'? Allowed: mini, tiny, and ...
    """
    if name in OWN or name in open_clip.list_models() or brings_weights(name):
        return
    message = str(unknown("model", name, [*OWN, *open_clip.list_models()]))
    # open_clip has some 150: the whole list would hide the nearest name.
    raise UserError(
        message.split(" Allowed: ")[0]
        + " Allowed: mini, tiny, and all of open_clip.list_models(), hf-hub:… and local-dir:…"
    )
