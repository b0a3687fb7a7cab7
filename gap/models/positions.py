"""Position tables: a checkpoint of another context length or image size is not bent to a model without being asked."""

import math
from pathlib import Path
from typing import Any

import open_clip
from open_clip.model import resize_pos_embed, resize_text_pos_embed
from open_clip.utils import to_2tuple
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.architecture import first_difference
from gap.models.tags import QUICK

IMAGE = "visual.positional_embedding"
TEXT = ("positional_embedding", "text.positional_embedding")


def position_tables(state: dict[str, Tensor], model: nn.Module) -> set[str]:
    """Name the position tables of a checkpoint that could be interpolated to a model's sizes."""
    found = {IMAGE} if _image_sizes(state, model) is not None else set()
    return found | ({key for key in TEXT if key in state} if _text_sizes(state, model) is not None else set())


def fit_positions(state: dict[str, Tensor], model: nn.Module, *, path: Path, name: str, resize: bool) -> list[str]:
    """Interpolate position tables of other sizes than a model's, as open_clip does, if ``resize``.

    Returns what was interpolated. ``state`` is changed in place. Raises ``UserError`` that names both sizes, and the
    model of the checkpoint's sizes if open_clip has one, unless ``resize``.
    """
    differing, sizes = [], {}
    if (pixels := _image_sizes(state, model)) is not None:
        differing.append(f"images of {pixels[0]} pixels, not {pixels[1]}")
        sizes["image_size"] = pixels[0]
    if (tokens := _text_sizes(state, model)) is not None:
        differing.append(f"texts of {tokens[0]} tokens, not {tokens[1]}")
        sizes["context_length"] = tokens[0]
    what = " and ".join(differing)
    if not resize:
        fitting = model_of_sizes(name, **sizes)
        own = (
            f"take --model {fitting}:{path}"
            if fitting
            else f"give its sizes in an open_clip_config.json beside it and take --model local-dir:{path.parent}"
        )
        raise UserError(
            f"checkpoint {path} has positions for {what} as {name} takes: {own}, or let them be interpolated, which "
            "gives other embeddings, by --set resize_positions=true"
        )
    try:
        resize_pos_embed(state, model)
        resize_text_pos_embed(state, model)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"checkpoint {path}: its positions cannot be interpolated ({error})") from error
    return [f"positions interpolated: the file has them for {what}"]


def model_of_sizes(name: str, *, image_size: int | None = None, context_length: int | None = None) -> str | None:
    """Find the model of open_clip's that is this one but for its image size and context length.

    >>> model_of_sizes("ViT-L-14", image_size=336), model_of_sizes("ViT-L-14-quickgelu", image_size=336)
    ('ViT-L-14-336', 'ViT-L-14-336-quickgelu')
    """
    if (wanted := open_clip.get_model_config(name)) is None:
        return None
    if image_size is not None:
        wanted["vision_cfg"]["image_size"] = image_size
    if context_length is not None:
        wanted["text_cfg"]["context_length"] = context_length
    for other in open_clip.list_models():
        if other.endswith(QUICK) == name.endswith(QUICK):
            described = open_clip.get_model_config(other)
            same_text = described["text_cfg"].get("hf_model_name") == wanted["text_cfg"].get("hf_model_name")
            if same_text and first_difference(described, wanted) is None:
                return str(other)
    return None


def _image_sizes(state: dict[str, Tensor], model: nn.Module) -> tuple[int, int] | None:
    """Return the pixels a side that a checkpoint and a model take, where these differ and the tables are comparable."""
    visual: Any = model.visual
    found, own = state.get(IMAGE), getattr(visual, "positional_embedding", None)
    if found is None or own is None or not hasattr(visual, "grid_size") or found.ndim != 2:
        return None
    side = math.isqrt(len(found) - 1)
    if found.shape == own.shape or found.shape[1] != own.shape[1] or side**2 != len(found) - 1:
        return None
    return side * to_2tuple(visual.patch_size)[0], to_2tuple(visual.image_size)[0]


def _text_sizes(state: dict[str, Tensor], model: nn.Module) -> tuple[int, int] | None:
    """Return the tokens that a checkpoint and a model read, where these differ and the tables are comparable."""
    found = next((state[key] for key in TEXT if key in state), None)
    own = getattr(model, "positional_embedding", getattr(getattr(model, "text", None), "positional_embedding", None))
    if found is None or own is None or found.ndim != 2:
        return None
    if found.shape[0] == own.shape[0] or found.shape[1] != own.shape[1]:
        return None
    return found.shape[0], own.shape[0]
