"""open_clip's own models, with the weights that were published for them or those of a local file."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

from gap.errors import UserError, unknown
from gap.models.checkpoint import load_checkpoint
from gap.models.clip import Clip

Triple = tuple[float, float, float]


def load_published(name: str, pretrained: str | None) -> Clip:
    """Load a model of ``open_clip.list_models()`` with a pretrained tag (downloaded once) or a checkpoint file.

    OpenAI's weights were trained with QuickGELU: a tag that needs it gets it, whatever the model's name says.

    Raises ``UserError`` on an unknown tag, weights or a tokenizer that cannot be had, a wrong file.
    """
    tags = list_pretrained_tags_by_model(name)
    if pretrained is None:
        raise UserError(f"model {name} needs pretrained: one of {', '.join(tags) or 'no tags'}, or a checkpoint file")
    tag = get_pretrained_cfg(name, pretrained)
    if not tag and not Path(pretrained).is_file():
        if "/" in pretrained or Path(pretrained).suffix:
            raise UserError(f"checkpoint {pretrained}: no such file")
        raise unknown(f"pretrained tag of {name}", pretrained, tags)
    quick_gelu = bool(tag.get("quick_gelu", False))
    architecture = {**open_clip.get_model_config(name)} | ({"quick_gelu": True} if quick_gelu else {})
    if tag and architecture.get("quick_gelu", False) != quick_gelu:
        raise UserError(f"{pretrained} was trained with GELU: take model {name.removesuffix('-quickgelu')}, not {name}")
    model, tokenize = _create(name, pretrained if tag else None, quick_gelu)
    if not tag:
        load_checkpoint(model, Path(pretrained), name=name)
    mean, std = _normalisation(name, model, tag)
    return Clip(
        name=name,
        pretrained=pretrained,
        model=model,
        tokenize=tokenize,
        image_size=_square(name, model.visual.image_size),
        mean=mean,
        std=std,
        architecture=architecture,
    )


def _create(name: str, tag: str | None, quick_gelu: bool) -> tuple[Any, Any]:
    try:
        with torch.random.fork_rng(devices=[]), _quiet():
            model = open_clip.create_model(
                name, pretrained=tag, force_quick_gelu=quick_gelu, pretrained_text=False, require_pretrained=bool(tag)
            )
        return model, open_clip.get_tokenizer(name)
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        what = f"the weights {tag} of {name}" if tag else f"the parts that {name} takes from the Hugging Face hub"
        cause = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise UserError(
            f"cannot get {what} ({cause}): run once with access to the hub, or give a checkpoint file as pretrained"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what open_clip logs on the root logger: what matters of it is raised as well."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _normalisation(name: str, model: Any, tag: dict[str, Any]) -> tuple[Triple, Triple]:
    """Give the mean and standard deviation of pixels that the weights were trained with.

    A file does not say: then they are those of the published weights of this architecture, where these agree.
    """
    own = open_clip.get_model_preprocess_cfg(model)
    if not tag:
        published = [get_pretrained_cfg(name, other) for other in list_pretrained_tags_by_model(name)]
        kinds = {(tuple(cfg.get("mean") or own["mean"]), tuple(cfg.get("std") or own["std"])) for cfg in published}
        if len(kinds) == 1:
            return kinds.pop()
    return tuple(own["mean"]), tuple(own["std"])


def _square(name: str, size: int | tuple[int, int]) -> int:
    height, width = size if isinstance(size, tuple) else (size, size)
    if height != width:
        raise UserError(f"model {name} takes images of {height}×{width} pixels: only square ones are prepared")
    return height
