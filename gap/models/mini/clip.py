"""``mini`` as every other model is given."""

from dataclasses import replace
from pathlib import Path

from gap.models.checkpoint import fill, read_tensors
from gap.models.clip import Clip
from gap.models.mini import IMAGE_SIZE, MEAN, STD, build, model_config, tokenizer
from gap.models.origin import origin_of_own
from gap.models.weight_settings import WeightSettings


def load_mini(pretrained: str | None = None, settings: WeightSettings | None = None) -> Clip:
    """Build ``mini`` with its shipped weights, or with those of a checkpoint file.

    >>> load_mini().tokenize(["a bee"]).shape
    torch.Size([1, 32])
    """
    settings, described = settings or WeightSettings(), model_config()
    origin = origin_of_own("mini", described, pretrained, settings, preprocessing={"mean": MEAN, "std": STD})
    model = build()
    if origin.file is not None:
        tensors, resize = read_tensors(Path(origin.file)), settings.resize_positions
        origin = replace(origin, notes=fill(model, tensors, name="mini", resize_positions=resize))
    return Clip(
        name="mini",
        pretrained=pretrained,
        model=model,
        tokenize=tokenizer(),
        image_size=IMAGE_SIZE,
        mean=MEAN if origin.recipe is None else origin.recipe.mean,
        std=STD if origin.recipe is None else origin.recipe.std,
        architecture=described,
        origin=origin,
    )
