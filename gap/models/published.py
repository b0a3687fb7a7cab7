"""open_clip's own models, with the weights that were published for them, those of a local file or of a folder."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

from gap.errors import UserError, unknown
from gap.models.agreement import check_padding
from gap.models.architecture import Described, build, chooses_activation, config_of, read_described, weights_beside
from gap.models.checkpoint import fill, read_tensors
from gap.models.clip import Clip
from gap.models.file_digest import check_sha256, sha256_of
from gap.models.first_token import spare_other_tokens
from gap.models.hub import from_the_hub
from gap.models.origin import Origin, recipe_of_file, with_activation
from gap.models.recipe import DECISIVE, PREPARED, Recipe, UndecidedError, arguments_for, by_config, by_user, decide
from gap.models.tags import QUICK, published, says_of
from gap.models.weight_settings import WeightSettings, brings_weights

PARTS = "the parts that {name} takes from the Hugging Face hub"


def load_published(name: str, pretrained: str | None, settings: WeightSettings) -> Clip:
    """Load a model of ``open_clip.list_models()``, ``hf-hub:ORG/REPO`` or ``local-dir:DIR``.

    The first kind needs a pretrained tag (downloaded once) or a checkpoint file; the others bring weights.

    Raises ``UserError`` on an unknown tag, weights or a tokenizer that cannot be had, a wrong file, weights of which
    nothing tells how they were trained, or a text tower that reads its tokenizer's padding as words.
    """
    if brings_weights(name):
        return _load_described(name, settings)
    entry, _ = weights_of(name, pretrained)
    return _load_tag(name, str(pretrained), entry, settings) if entry else _load_file(name, str(pretrained), settings)


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
    quick_gelu = bool(tag) and bool(says_of(name, tag)["quick_gelu"])
    if tag and name.endswith(QUICK) and not quick_gelu:
        raise UserError(f"{pretrained} was trained with GELU: take model {name.removesuffix(QUICK)}, not {name}")
    return tag, quick_gelu


def recipe_of_tag(name: str, tag: str, entry: dict[str, Any], settings: WeightSettings) -> Recipe:
    """Return how the weights of a tag were trained, as open_clip's table says, with the user's settings over it."""
    if settings.weights_sha256 is not None:
        raise UserError(f"weights_sha256: expected a file of weights beside it, got the tag {tag} of {name}")
    has_choice = chooses_activation(config_of(name))
    evidence = [*by_user(name, settings, has_choice=has_choice), ("its tag", says_of(name, entry))]
    return decide(name, evidence, has_choice=has_choice)


def recipe_of_described(name: str, described: Described, settings: WeightSettings) -> Recipe:
    """Return how the weights of a configuration were trained; what it leaves out is open_clip's default."""
    has_choice = chooses_activation(described.architecture)
    config = ("its open_clip_config.json", by_config(described.architecture, described.preprocessing, name))
    default = ("open_clip's default", {"mean": OPENAI_DATASET_MEAN, "std": OPENAI_DATASET_STD, **PREPARED})
    evidence = [*by_user(name, settings, has_choice=has_choice), config]
    return decide(name, evidence, has_choice=has_choice, otherwise=default)


def _load_tag(name: str, tag: str, entry: dict[str, Any], settings: WeightSettings) -> Clip:
    recipe = recipe_of_tag(name, tag, entry, settings)
    architecture = with_activation(config_of(name), recipe.quick_gelu)
    model = create(name, tag, quick_gelu=bool(recipe.quick_gelu), remedy=_remedy(name, entry))
    origin = Origin(f"{name}:{tag}", recipe=recipe)
    return _finish(name, tag, model, architecture, _tokenizer(name, model, architecture), origin)


def _load_file(name: str, pretrained: str, settings: WeightSettings) -> Clip:
    file = Path(pretrained).expanduser()
    tensors, architecture = read_tensors(file), config_of(name)
    try:
        recipe = recipe_of_file(name, architecture, file, settings)
    except UndecidedError:  # not asked of a file that does not fit
        fill(_build(architecture, name), tensors, name=name, resize_positions=settings.resize_positions)
        raise
    architecture = with_activation(architecture, recipe.quick_gelu)
    model = _build(architecture, name)
    tokenize = _tokenizer(name, model, architecture)
    notes = fill(model, tensors, name=name, resize_positions=settings.resize_positions)
    origin = Origin(f"{name}:{pretrained}", str(file), sha256_of(file), recipe, notes)
    return _finish(name, pretrained, model, architecture, tokenize, origin)


def _load_described(name: str, settings: WeightSettings) -> Clip:
    described = read_described(name)
    file = weights_beside(name, described)
    check_sha256(file, settings.weights_sha256)
    recipe = recipe_of_described(name, described, settings)
    architecture = with_activation(described.architecture, recipe.quick_gelu)
    model = _build(architecture, name)
    tokenize = _tokenizer(name, model, architecture)
    notes = fill(model, read_tensors(file), name=name, resize_positions=settings.resize_positions)
    origin = Origin(name, str(file), sha256_of(file), recipe, notes)
    return _finish(name, None, model, architecture, tokenize, origin)


def _finish(
    name: str, pretrained: str | None, model: Any, architecture: dict[str, Any], tokenize: Callable[..., Any],
    origin: Origin,
) -> Clip:  # fmt: skip
    assert origin.recipe is not None
    return Clip(
        name=name,
        pretrained=pretrained,
        model=model,
        tokenize=tokenize,
        image_size=square(name, model.visual.image_size),
        mean=origin.recipe.mean,
        std=origin.recipe.std,
        architecture=architecture,
        origin=origin,
    )


def create(name: str, tag: str | None, *, quick_gelu: bool, device: str = "cpu", remedy: str | None = None) -> Any:
    """Build a model with the weights of a tag, or with random ones; the global random state is not touched.

    Raises ``UserError`` if something of it cannot be had.
    """
    changed = {} if quick_gelu else {"quick_gelu": False}  # open_clip can only force it

    def get() -> Any:
        return open_clip.create_model(
            name,
            pretrained=tag,
            force_quick_gelu=quick_gelu,
            pretrained_text=False,
            require_pretrained=bool(tag),
            device=device,
            **changed,
        )

    what = f"the weights {tag} of {name}" if tag else PARTS.format(name=name)
    with torch.random.fork_rng(devices=[]), _quiet():
        model = from_the_hub(get, what, **({"remedy": remedy} if remedy else {}))
    spare_other_tokens(model)
    return model


def _build(architecture: dict[str, Any], name: str) -> Any:
    with torch.random.fork_rng(devices=[]), _quiet():
        return from_the_hub(lambda: build(architecture, name), PARTS.format(name=name))


def tokenizer_of(name: str, architecture: dict[str, Any]) -> Callable[..., Any]:
    """Load a model's tokenizer; code that lies beside it is not run. Raises ``UserError`` if it cannot be had."""
    # A configuration may ask transformers to run code beside the tokenizer: what is given here comes over that.
    given = {"trust_remote_code": False} if architecture["text_cfg"].get("hf_tokenizer_name") else {}
    with _quiet():
        tokenize: Callable[..., Any] = from_the_hub(
            lambda: open_clip.get_tokenizer(name, **given), PARTS.format(name=name)
        )
    return tokenize


def _tokenizer(name: str, model: Any, architecture: dict[str, Any]) -> Callable[..., Any]:
    tokenize = tokenizer_of(name, architecture)
    check_padding(name, model, tokenize)
    return tokenize


def _remedy(name: str, entry: dict[str, Any]) -> str:
    """Say how a file of a tag's weights is given so that they are read as they were trained."""
    says, table = says_of(name, entry), published(name)
    alike = [other for other in table.values() if other["quick_gelu"] == says["quick_gelu"]]
    told = [e for e in DECISIVE if len({other[e] for other in (table.values() if e == "quick_gelu" else alike)}) == 1]
    return f"run once with access to the hub, or give their file: {arguments_for(name, says, unless=told)}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what open_clip logs and warns: what matters of it is raised, or said by a recipe, as well."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="QuickGELU mismatch")
            yield
    finally:
        logging.disable(before)


def square(name: str, size: int | tuple[int, int]) -> int:
    """Give the side of square images. Raises ``UserError`` for others.

    >>> square("RN50", (224, 224))
    224
    """
    height, width = size if isinstance(size, tuple) else (size, size)
    if height != width:
        raise UserError(f"model {name} takes images of {height}×{width} pixels: only square ones are prepared")
    return height
