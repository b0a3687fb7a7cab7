"""A loaded CLIP and what has to be known to feed it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from jaxtyping import Int
from open_clip.coca_model import CoCa
from open_clip.model import CLIP, CustomTextCLIP
from torch import Tensor

ClipModel: TypeAlias = CLIP | CustomTextCLIP | CoCa


@dataclass(frozen=True)
class Clip:
    """A model with its tokenizer and preprocessing.

    ``model`` has ``encode_image`` and ``encode_text``, which give features (CoCa's normalised, others' not),
    ``logit_scale`` (its logarithm) and, of SigLIP's kind, ``logit_bias``. ``mean`` and ``std`` normalise pixels in
    [0, 1]. ``architecture`` is open_clip's model configuration.
    """

    name: str
    pretrained: str | None
    model: ClipModel
    tokenize: Callable[[list[str]], Int[Tensor, "n context"]]
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    architecture: dict[str, Any] = field(repr=False)
