"""``tiny``: a randomly initialised CLIP of a ViT's parts, which takes a ViT-L-14's path through the code in tests."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP

from gap.models.checkpoint import fill, read_tensors
from gap.models.clip import Clip
from gap.models.origin import origin_of_own, with_activation
from gap.models.weight_settings import WeightSettings

PREPROCESSING = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
CONFIG = Path(__file__).parent / "configs" / "tiny.json"


def architecture() -> dict[str, Any]:
    """Describe ``tiny`` as open_clip's model configurations do.

    >>> architecture()["embed_dim"]
    32
    """
    described: dict[str, Any] = json.loads(CONFIG.read_text(encoding="utf-8"))
    return described


def load_tiny(pretrained: str | None = None, settings: WeightSettings | None = None) -> Clip:
    """Build ``tiny``, the same weights every time, or fill it from a checkpoint file.

    >>> load_tiny().model.logit_scale.requires_grad
    True
    """
    settings, described = settings or WeightSettings(), architecture()
    own = PREPROCESSING
    origin = origin_of_own("tiny", described, pretrained, settings, preprocessing=own)
    if origin.recipe is not None:
        described = with_activation(described, origin.recipe.quick_gelu)
        own = {"mean": origin.recipe.mean, "std": origin.recipe.std}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CLIP(**described)
    if origin.file is not None:
        tensors, resize = read_tensors(Path(origin.file)), settings.resize_positions
        origin = replace(origin, notes=fill(model, tensors, name="tiny", resize_positions=resize))
    return Clip(
        name="tiny",
        pretrained=pretrained,
        model=model,
        tokenize=open_clip.SimpleTokenizer(context_length=described["text_cfg"]["context_length"]),
        image_size=described["vision_cfg"]["image_size"],
        **own,
        architecture=described,
        origin=origin,
    )
