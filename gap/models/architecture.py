"""Architectures as open_clip describes them, and where the description comes from."""

import copy
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import open_clip
from open_clip.coca_model import CoCa
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from open_clip.pretrained import download_pretrained_from_hf
from transformers import AutoConfig

from gap.errors import UserError
from gap.models.first_token import spare_other_tokens
from gap.models.hub import from_the_hub
from gap.models.weight_settings import HF_HUB, LOCAL_DIR

CONFIG = "open_clip_config.json"
_LARGEST = 2**20  # bytes
# Where open_clip looks for the weights of a configuration, in this order.
_NAMED = (
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth", "model.safetensors", "pytorch_model.bin", "pytorch_model.pth", "model.pth",
)  # fmt: skip
_KINDS = (".safetensors", ".bin", ".pth")
_ALL_KINDS = (*_KINDS, ".pt", ".ckpt")
# What does not change the weights that fit, or the activation, which is settled apart.
_ASIDE = {"quick_gelu", "custom_text", "init_logit_scale"}
_TEXT_ASIDE = {"hf_model_name", "hf_tokenizer_name", "hf_model_pretrained", "tokenizer_kwargs", "tokenizer_mode"}
_VISION_ASIDE = {"timm_model_pretrained"}


@dataclass(frozen=True)
class Described:
    """An ``open_clip_config.json``: the architecture, how pixels are prepared, and the folder that it lies in."""

    architecture: dict[str, Any]
    preprocessing: dict[str, Any]
    folder: Path


def read_config(path: Path) -> Described:
    """Read an ``open_clip_config.json``. Raises ``UserError`` if it is missing, damaged or none."""
    try:
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"expected at most {_LARGEST} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
        architecture, preprocessing = content["model_cfg"], content.get("preprocess_cfg") or {}
        if not all(isinstance(architecture.get(part), dict) for part in ("vision_cfg", "text_cfg")):
            raise ValueError("its model_cfg has no vision_cfg and text_cfg")
        if not isinstance(preprocessing, dict):
            raise ValueError("its preprocess_cfg is no mapping")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"{path} is no configuration of open_clip's: {why[:160]}") from error
    return Described(architecture, preprocessing, path.parent)


def read_described(name: str) -> Described:
    """Read the configuration of ``hf-hub:ORG/REPO`` or ``local-dir:DIR``.

    The text tower of an export that was moved is looked for in the export: its configuration lies there.
    """
    if name.startswith(LOCAL_DIR):
        folder = Path(name.removeprefix(LOCAL_DIR)).expanduser()
        if not folder.is_dir():
            raise UserError(f"model {name}: no such directory")
        described = read_config(folder / CONFIG)
        text = described.architecture["text_cfg"]
        if isinstance(tower := text.get("hf_model_name"), str):
            if (folder / tower).is_dir():  # exports name it by its place in them, or where it is
                text["hf_model_name"] = str(folder / tower)
            elif Path(tower).is_absolute():  # those of earlier versions, by where they were written
                text["hf_model_name"] = str(folder)
        return described
    repository = name.removeprefix(HF_HUB)
    if not repository:
        raise UserError(f"model {name}: expected a repository, such as hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K")
    path = from_the_hub(lambda: download_pretrained_from_hf(repository, filename=CONFIG), f"{CONFIG} of {repository}")
    return read_config(Path(path))


def weights_beside(name: str, described: Described) -> Path:
    """Find the weights of ``hf-hub:ORG/REPO`` or ``local-dir:DIR`` where open_clip does.

    Raises ``UserError`` if there are none, or several and none has one of open_clip's names.
    """
    if name.startswith(HF_HUB):
        repository = name.removeprefix(HF_HUB)
        return Path(from_the_hub(lambda: download_pretrained_from_hf(repository), f"the weights of {repository}"))
    files = [path for path in described.folder.iterdir() if path.suffix in _KINDS]
    for wanted in _NAMED:
        if described.folder / wanted in files:
            return described.folder / wanted
    if len(files) != 1:
        got = ", ".join(sorted(path.name for path in files)) or "none"
        raise UserError(f"model {name}: expected {_NAMED[0]} beside {CONFIG}, or a single file of weights, got {got}")
    return files[0]


def belongs(file: Path) -> bool:
    """Tell whether the ``open_clip_config.json`` of a folder is about this file of weights, not another one in it.

    It is where the file has one of the names that open_clip gives to such weights, or is the only one.
    """
    others = [path for path in file.parent.iterdir() if path.suffix in _ALL_KINDS]
    return file.name in _NAMED or len(others) == 1


def build(architecture: dict[str, Any], name: str) -> Any:
    """Build a model with random weights, as ``open_clip.create_model`` does of a configuration.

    Raises ``UserError`` if that names what open_clip, timm or transformers do not know.
    """
    described = copy.deepcopy(architecture)
    text, vision = described["text_cfg"], described["vision_cfg"]
    from_transformers = "hf_model_name" in text
    if from_transformers:
        text["hf_model_pretrained"] = False
        # open_clip would let transformers ask at the terminal whether to run code that a folder brings.
        AutoConfig.from_pretrained(text["hf_model_name"], trust_remote_code=False)
    if "timm_model_name" in vision:
        vision["timm_model_pretrained"] = False
    custom = described.pop("custom_text", False) or from_transformers
    kind = CLIP if not custom else CoCa if "multimodal_cfg" in described else CustomTextCLIP
    try:
        model = kind(**described)
    except (TypeError, KeyError, AttributeError, AssertionError) as error:
        raise UserError(f"model {name}: its configuration cannot be built: {_brief(error)}") from error
    spare_other_tokens(model)
    return model


def config_of(name: str) -> dict[str, Any]:
    """Return open_clip's configuration of one of its own architectures."""
    described: dict[str, Any] = open_clip.get_model_config(name)
    return described


def chooses_activation(architecture: dict[str, Any]) -> bool:
    """Tell whether ``quick_gelu`` changes a model: towers of timm and transformers have their own activations."""
    vision, text = architecture["vision_cfg"], architecture["text_cfg"]
    own_image_tower = "timm_model_name" not in vision and not isinstance(vision.get("layers"), list)
    return own_image_tower or "hf_model_name" not in text


def first_difference(one: dict[str, Any], other: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """Find where two architectures differ: the key and both values; None if weights of one are those of the other.

    What a configuration leaves out has open_clip's default.

    >>> plain, long = config_of("ViT-B-32"), config_of("ViT-B-32")
    >>> long["text_cfg"]["context_length"] = 248
    >>> first_difference(plain, long), first_difference(plain, config_of("ViT-B-32-quickgelu"))
    (('text_cfg.context_length', 77, 248), None)
    """
    first, second = _flat(one), _flat(other)
    for key in sorted({*first, *second}):
        if first.get(key) != second.get(key):
            return key, first.get(key), second.get(key)
    return None


def _flat(architecture: dict[str, Any]) -> dict[str, Any]:
    parts = {
        "vision_cfg": (asdict(CLIPVisionCfg()), _VISION_ASIDE),
        "text_cfg": (asdict(CLIPTextCfg()), _TEXT_ASIDE),
    }
    flat = {key: value for key, value in architecture.items() if key not in {*parts, *_ASIDE}}
    for part, (defaults, aside) in parts.items():
        merged = {**defaults, **architecture[part]}
        flat |= {f"{part}.{key}": value for key, value in merged.items() if key not in aside}
    return json.loads(json.dumps(flat))  # type: ignore[no-any-return]  # tuples as a file holds them


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
