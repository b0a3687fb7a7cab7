"""A CLIP's architecture by its name, without weights: nothing is downloaded, read into memory or computed."""

import copy
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH

from gap.models import mini, tiny
from gap.models.attention import split_attention
from gap.models.clip import ClipModel
from gap.models.first_token import spare_other_tokens
from gap.models.hub_towers import TOWERS
from gap.models.load import check_known
from gap.models.published import create, square, weights_of

# What our own models are made of, as open_clip's configurations describe it.
OWN: dict[str, tuple[type[ClipModel], Callable[[], dict[str, Any]]]] = {
    "mini": (CustomTextCLIP, mini.model_config),
    "tiny": (CLIP, tiny.architecture),
}


@dataclass(frozen=True)
class BareClip:
    """A model on the meta device, attention split, and its sizes: pixels a side, tokens a text, width of embeddings."""

    model: ClipModel
    image_size: int
    context_length: int
    embed_dim: int


def bare_clip(name: str, pretrained: str | None = None) -> BareClip:
    """Build what :func:`gap.models.load.load_clip` loads, but for the values of its weights.

    ``pretrained`` decides about the activation function; a checkpoint file need not be there. A text tower of the
    Hugging Face hub that ``TOWERS`` does not describe needs its configuration, from the hub or its cache. The global
    random state is not touched.

    Raises ``UserError`` on an unknown model or tag, and on a configuration that cannot be had.

    >>> bare = bare_clip("ViT-L-14", "openai")
    >>> sum(parameter.numel() for parameter in bare.model.parameters()), bare.model.logit_scale.device.type
    (427616513, 'meta')
    >>> bare.image_size, bare.context_length, bare.embed_dim
    (224, 77, 768)
    """
    check_known(name)
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        model, architecture = _own(name) if name in OWN else _published(name, pretrained)
        split_attention(model)
    return BareClip(
        model.eval(),
        image_size=square(name, model.visual.image_size),
        context_length=architecture["text_cfg"].get("context_length", DEFAULT_CONTEXT_LENGTH),
        embed_dim=architecture["embed_dim"],
    )


def _own(name: str) -> tuple[ClipModel, dict[str, Any]]:
    kind, describe = OWN[name]
    architecture = describe()
    return kind(**architecture), architecture


def _published(name: str, pretrained: str | None) -> tuple[ClipModel, dict[str, Any]]:
    _, quick_gelu = weights_of(name, pretrained)
    architecture = copy.deepcopy(open_clip.get_model_config(name))
    if (tower := TOWERS.get(architecture["text_cfg"].get("hf_model_name"))) is not None:
        return _with_tower(architecture, tower), architecture
    return create(name, None, quick_gelu=quick_gelu, device="meta"), architecture


def _with_tower(architecture: dict[str, Any], tower: dict[str, Any]) -> ClipModel:
    """Build a model whose text tower is described here rather than on the hub; open_clip reads it from a directory."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "config.json").write_text(json.dumps(tower), encoding="utf-8")
        text = {**architecture["text_cfg"], "hf_model_name": directory, "hf_model_pretrained": False}
        rest = {name: value for name, value in architecture.items() if name not in ("custom_text", "text_cfg")}
        model: ClipModel = CustomTextCLIP(**rest, text_cfg=text)
    spare_other_tokens(model)
    return model
