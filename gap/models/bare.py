"""A CLIP's architecture by its name, without weights: nothing is downloaded, read into memory or computed."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH

from gap.models import mini, tiny
from gap.models.architecture import build, chooses_activation, config_of, read_described
from gap.models.attention import split_attention
from gap.models.clip import ClipModel
from gap.models.first_token import spare_other_tokens
from gap.models.hub import from_the_hub
from gap.models.hub_towers import TOWERS
from gap.models.load import check_known, check_pretrained
from gap.models.origin import origin_of_own, recipe_of_file, with_activation
from gap.models.published import PARTS, recipe_of_described, recipe_of_tag, square, weights_of
from gap.models.recipe import Recipe, by_user, decide
from gap.models.weight_settings import WeightSettings, brings_weights

# What our own models are made of, as open_clip's configurations describe it.
OWN: dict[str, tuple[type[ClipModel], Callable[[], dict[str, Any]], dict[str, Any]]] = {
    "mini": (CustomTextCLIP, mini.model_config, {"mean": mini.MEAN, "std": mini.STD}),
    "tiny": (CLIP, tiny.architecture, tiny.PREPROCESSING),
}


@dataclass(frozen=True)
class BareClip:
    """A model on the meta device, attention split, and its sizes: pixels a side, tokens a text, width of embeddings."""

    model: ClipModel
    image_size: int
    context_length: int
    embed_dim: int


def bare_clip(name: str, pretrained: str | None = None, settings: WeightSettings | None = None) -> BareClip:
    """Build what :func:`gap.models.load.load_clip` loads, but for the values of its weights.

    ``pretrained`` and ``settings`` decide about the activation function; a checkpoint file need not be there: where
    nothing else tells then, it is the architecture's own. A text tower of the Hugging Face hub that ``TOWERS`` does not
    describe needs its configuration, from the hub or its cache, and so does ``hf-hub:ORG/REPO``. The global random
    state is not touched.

    Raises ``UserError`` on an unknown model or tag, and on a configuration that cannot be had.

    >>> bare = bare_clip("ViT-L-14", "openai")
    >>> sum(parameter.numel() for parameter in bare.model.parameters()), bare.model.logit_scale.device.type
    (427616513, 'meta')
    >>> bare.image_size, bare.context_length, bare.embed_dim
    (224, 77, 768)
    """
    architecture = _architecture(name, planned_recipe(name, pretrained, settings or WeightSettings()))
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        model = _model(name, architecture)
        split_attention(model)
    return BareClip(
        model.eval(),
        image_size=square(name, model.visual.image_size),
        context_length=architecture["text_cfg"].get("context_length", DEFAULT_CONTEXT_LENGTH),
        embed_dim=architecture["embed_dim"],
    )


def planned_recipe(name: str, pretrained: str | None, settings: WeightSettings) -> Recipe | None:
    """Return how weights would be read, as far as that can be told without them; None for those of this package.

    Raises ``UserError`` as :func:`gap.models.load.load_clip` does where a file is here.
    """
    check_known(name)
    check_pretrained(name, pretrained)
    if name in OWN:
        describe, own = OWN[name][1:]
        return origin_of_own(name, describe(), _here(pretrained), settings, preprocessing=own).recipe
    if brings_weights(name):
        return recipe_of_described(name, read_described(name), settings)
    entry, _ = weights_of(name, pretrained)
    if entry:
        return recipe_of_tag(name, str(pretrained), entry, settings)
    architecture = config_of(name)
    if (file := _here(pretrained)) is not None:
        return recipe_of_file(name, architecture, Path(file), settings)
    has_choice = chooses_activation(architecture)
    return decide(name, by_user(name, settings, has_choice=has_choice), has_choice=has_choice, lenient=True)


def _here(pretrained: str | None) -> str | None:
    return pretrained if pretrained is not None and Path(pretrained).expanduser().is_file() else None


def _architecture(name: str, recipe: Recipe | None) -> dict[str, Any]:
    """Return the configuration that a model is loaded with, its activation decided."""
    if name in OWN:
        architecture = OWN[name][1]()
    else:
        architecture = read_described(name).architecture if brings_weights(name) else config_of(name)
    return architecture if recipe is None else with_activation(architecture, recipe.quick_gelu)


def _model(name: str, architecture: dict[str, Any]) -> ClipModel:
    if name in OWN:
        return OWN[name][0](**architecture)
    if (tower := TOWERS.get(architecture["text_cfg"].get("hf_model_name"))) is not None:
        return _with_tower(architecture, tower)
    model: ClipModel = from_the_hub(lambda: build(architecture, name), PARTS.format(name=name))
    return model


def _with_tower(architecture: dict[str, Any], tower: dict[str, Any]) -> ClipModel:
    """Build a model whose text tower is described here rather than on the hub; open_clip reads it from a directory."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "config.json").write_text(json.dumps(tower), encoding="utf-8")
        text = {**architecture["text_cfg"], "hf_model_name": directory, "hf_model_pretrained": False}
        rest = {name: value for name, value in architecture.items() if name not in ("custom_text", "text_cfg")}
        model: ClipModel = CustomTextCLIP(**rest, text_cfg=text)
    spare_other_tokens(model)
    return model
