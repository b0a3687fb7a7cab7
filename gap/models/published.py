"""open_clip's own models, with the weights that were published for them or those of a local file."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

from gap.errors import UserError, unknown
from gap.models.agreement import check_padding
from gap.models.checkpoint import load_checkpoint
from gap.models.clip import Clip
from gap.models.first_token import spare_other_tokens

Triple = tuple[float, float, float]
PARTS = "the parts that {name} takes from the Hugging Face hub"


def load_published(name: str, pretrained: str | None) -> Clip:
    """Load a model of ``open_clip.list_models()`` with a pretrained tag (downloaded once) or a checkpoint file.

    OpenAI's weights were trained with QuickGELU: a tag that needs it gets it, whatever the model's name says.

    Raises ``UserError`` on an unknown tag, weights or a tokenizer that cannot be had, a wrong file, or a text tower
    that reads its tokenizer's padding as words.
    """
    tag, quick_gelu = weights_of(name, pretrained)
    file = Path(pretrained or "")
    if not tag and not file.is_file():
        raise UserError(f"checkpoint {file}: no such file")
    architecture = {**open_clip.get_model_config(name)} | ({"quick_gelu": True} if quick_gelu else {})
    model = create(name, pretrained if tag else None, quick_gelu=quick_gelu)
    tokenize = from_the_hub(lambda: open_clip.get_tokenizer(name), PARTS.format(name=name))
    check_padding(name, model, tokenize)
    if not tag:
        load_checkpoint(model, file, name=name)
    mean, std = _normalisation(name, model, tag)
    return Clip(
        name=name,
        pretrained=pretrained,
        model=model,
        tokenize=tokenize,
        image_size=square(name, model.visual.image_size),
        mean=mean,
        std=std,
        architecture=architecture,
    )


def weights_of(name: str, pretrained: str | None) -> tuple[dict[str, Any], bool]:
    """Tell what ``pretrained`` names: open_clip's entry of a tag, empty for a file, and whether it needs QuickGELU.

    Nothing is read; a file need not be there. Raises ``UserError`` on an unknown tag, or one for another activation.

    >>> entry, quick_gelu = weights_of("ViT-L-14", "openai")
    >>> entry["hf_hub"], quick_gelu
    ('timm/vit_large_patch14_clip_224.openai/', True)
    """
    tags = list_pretrained_tags_by_model(name)
    if pretrained is None:
        raise UserError(f"model {name} needs pretrained: one of {', '.join(tags) or 'no tags'}, or a checkpoint file")
    tag: dict[str, Any] = get_pretrained_cfg(name, pretrained)
    if not tag and not Path(pretrained).is_file() and not ("/" in pretrained or Path(pretrained).suffix):
        raise unknown(f"pretrained tag of {name}", pretrained, tags)
    quick_gelu = bool(tag.get("quick_gelu", False))
    if tag and bool(open_clip.get_model_config(name).get("quick_gelu", False)) and not quick_gelu:
        raise UserError(f"{pretrained} was trained with GELU: take model {name.removesuffix('-quickgelu')}, not {name}")
    return tag, quick_gelu


def create(name: str, tag: str | None, *, quick_gelu: bool, device: str = "cpu") -> Any:
    """Build a model with the weights of a tag, or with random ones; the global random state is not touched.

    Raises ``UserError`` if something of it cannot be had.
    """

    def build() -> Any:
        return open_clip.create_model(
            name,
            pretrained=tag,
            force_quick_gelu=quick_gelu,
            pretrained_text=False,
            require_pretrained=bool(tag),
            device=device,
        )

    with torch.random.fork_rng(devices=[]), _quiet():
        model = from_the_hub(build, f"the weights {tag} of {name}" if tag else PARTS.format(name=name))
    spare_other_tokens(model)
    return model


def from_the_hub(get: Callable[[], Any], what: str) -> Any:
    """Return what ``get`` gets, or raise the ``UserError`` that says how to come by it."""
    try:
        return get()
    except (OSError, RuntimeError, ValueError, ImportError) as error:
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


def square(name: str, size: int | tuple[int, int]) -> int:
    """Give the side of square images. Raises ``UserError`` for others.

    >>> square("RN50", (224, 224))
    224
    """
    height, width = size if isinstance(size, tuple) else (size, size)
    if height != width:
        raise UserError(f"model {name} takes images of {height}×{width} pixels: only square ones are prepared")
    return height
