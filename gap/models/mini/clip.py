"""``mini`` as every other model is given."""

from pathlib import Path

from gap.models.checkpoint import load_checkpoint
from gap.models.clip import Clip
from gap.models.mini import IMAGE_SIZE, MEAN, STD, build, model_config, tokenizer


def load_mini(pretrained: str | None = None) -> Clip:
    """Build ``mini`` with its shipped weights, or with those of a checkpoint file.

    >>> load_mini().tokenize(["a bee"]).shape
    torch.Size([1, 32])
    """
    model = build()
    if pretrained is not None:
        load_checkpoint(model, Path(pretrained), name="mini")
    return Clip(
        name="mini",
        pretrained=pretrained,
        model=model,
        tokenize=tokenizer(),
        image_size=IMAGE_SIZE,
        mean=MEAN,
        std=STD,
        architecture=model_config(),
    )
