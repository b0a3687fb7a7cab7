"""Settings about weights: which they are, and what their file does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from open_clip.pretrained import get_pretrained_cfg

Triple = tuple[float, float, float]
HF_HUB = "hf-hub:"
LOCAL_DIR = "local-dir:"


@dataclass(frozen=True)
class WeightSettings:
    """How weights are to be read, as far as the user says; what is None is found out (:mod:`gap.models.recipe`).

    ``quick_gelu`` chooses the activation, ``image_mean`` and ``image_std`` normalise pixels in [0, 1],
    ``weights_sha256`` is the digest that the weights' file must have, ``resize_positions`` lets position tables of
    another context length or image size be interpolated.
    """

    quick_gelu: bool | None = None
    image_mean: Triple | None = None
    image_std: Triple | None = None
    weights_sha256: str | None = None
    resize_positions: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "WeightSettings":
        """Take them from the settings of a run, or from a study's ``spec`` in ``study.json``.

        >>> WeightSettings.of({"model": "tiny", "image_mean": [0.5, 0.5, 0.5]}).image_mean
        (0.5, 0.5, 0.5)
        """
        given: dict[str, Any] = {name: settings[name] for name in NAMES if settings.get(name) is not None}
        for name in ("image_mean", "image_std"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)


NAMES = tuple(WeightSettings.__dataclass_fields__)


def split_model(text: str) -> tuple[str, str | None]:
    """Split ``NAME:WEIGHTS`` at its first colon; ``hf-hub:ORG/REPO`` and ``local-dir:DIR`` are whole names.

    >>> split_model("ViT-L-14:openai"), split_model("mini"), split_model("local-dir:a:b")
    (('ViT-L-14', 'openai'), ('mini', None), ('local-dir:a:b', None))
    """
    if brings_weights(text):
        return text, None
    name, _, pretrained = text.partition(":")
    return name, pretrained or None


def brings_weights(name: str) -> bool:
    """Tell whether a model's name is a place with its configuration and its weights."""
    return name.startswith((HF_HUB, LOCAL_DIR))


def absolute(name: str, pretrained: str | None) -> tuple[str, str | None]:
    """Return a model's name and weights with absolute paths, where they name what is there.

    >>> absolute("ViT-L-14", "openai")
    ('ViT-L-14', 'openai')
    """
    if name.startswith(LOCAL_DIR):
        return LOCAL_DIR + str(Path(name.removeprefix(LOCAL_DIR)).expanduser().absolute()), pretrained
    is_tag = pretrained is not None and bool(get_pretrained_cfg(name, pretrained))  # whatever lies here under its name
    if pretrained is not None and not is_tag and (file := Path(pretrained).expanduser()).is_file():
        return name, str(file.absolute())
    return name, pretrained
