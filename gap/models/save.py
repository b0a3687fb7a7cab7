"""What a run trained, on disk: adapters in PEFT's own format, everything else that was trained beside them."""

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import peft
from peft.utils import set_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.clip import Clip

TRAINED = "trained.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PICKLED_WEIGHTS = "adapter_model.bin"  # PEFT's other format, whose reader may run what the file says
# What ``adapt`` sets of PEFT's configuration, and what only describes where an adapter comes from.
_SET = frozenset({"r", "lora_alpha", "use_rslora", "use_dora", "target_modules"})
_DESCRIBES = frozenset({"auto_mapping", "base_model_name_or_path", "inference_mode", "peft_version", "revision"})
# Escaped names between bars. Repetition would let a pattern match other layers, or match for hours.
_NAMES = re.compile(r"(?:[\w-]|\\[.\-])+(?:\|(?:[\w-]|\\[.\-])+)*")


def save_adapter(clip: Clip, wrapped: peft.PeftModel | None, directory: Path) -> None:
    """Write what was trained of a model into a new directory, or in place of an old one, all of it or nothing.

    ``wrapped`` is what ``adapt`` returned. Adapters are ``adapter_config.json`` and ``adapter_model.safetensors``,
    which ``peft.PeftModel.from_pretrained`` reads. ``trained.safetensors`` holds the rest under its names in the model:
    the temperature always, and the weights themselves where they were trained; its metadata names the base.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as temporary:
        part = Path(temporary) / directory.name
        part.mkdir()
        if wrapped is not None:
            wrapped.peft_config["default"].base_model_name_or_path = clip.name
            wrapped.save_pretrained(part, save_embedding_layers=False)
            (part / "README.md").unlink(missing_ok=True)  # PEFT's template with nothing filled in
        rest = {name: value.detach().cpu().contiguous() for name, value in _rest(clip.model).items()}
        save_file(rest, part / TRAINED, metadata=_base(clip))
        if directory.exists():
            shutil.rmtree(directory)
        part.rename(directory)


def load_adapter(clip: Clip, directory: Path) -> peft.PeftModel | None:
    """Put what ``save_adapter`` wrote back into a freshly loaded base, in place.

    Returns the PEFT model where there are adapters. Raises ``UserError`` on a missing or damaged directory, one that
    was trained on another base, one whose weights are pickled, or whose configuration is not one of ``save_adapter``'s:
    PEFT does much more for other ones.
    """
    if not (directory / TRAINED).is_file():
        raise UserError(f"adapter {directory}: expected a directory with {TRAINED}")
    rest, base = _read(directory / TRAINED)
    if base != (own := _base(clip)):
        shown = (" ".join(filter(None, (names.get("model"), names.get("pretrained")))) for names in (base, own))
        raise UserError(f"adapter {directory} was trained on {next(shown)}, not on {next(shown)}")
    wrapped = _load_peft(clip.model, directory) if (directory / ADAPTER_CONFIG).is_file() else None
    misfits = clip.model.load_state_dict(rest, strict=False).unexpected_keys
    if misfits:
        raise UserError(f"adapter {directory}: {clip.name} has no {misfits[0]}")
    return wrapped


def _base(clip: Clip) -> dict[str, str]:
    return {"model": clip.name, "pretrained": clip.pretrained or ""}


def _rest(model: nn.Module) -> dict[str, Tensor]:
    """Give the temperature and every trained parameter that is not an adapter's."""
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if name in ("logit_scale", "logit_bias") or (parameter.requires_grad and ".lora_" not in name)
    }


def _load_peft(model: nn.Module, directory: Path) -> peft.PeftModel:
    if not (directory / ADAPTER_WEIGHTS).is_file() and (directory / PICKLED_WEIGHTS).exists():
        raise UserError(f"adapter {directory}: expected {ADAPTER_WEIGHTS}; {PICKLED_WEIGHTS} can run code, not read")
    try:
        config = _config(json.loads((directory / ADAPTER_CONFIG).read_text(encoding="utf-8")))
        weights, _ = _read(directory / ADAPTER_WEIGHTS)
        wrapped = peft.get_peft_model(model, config)
        result = set_peft_model_state_dict(wrapped, weights)
    except (OSError, TypeError, ValueError, KeyError, RuntimeError) as error:  # RecursionError is a RuntimeError
        if isinstance(error, UserError):
            raise
        raise UserError(f"adapter {directory} does not fit: {str(error).strip().splitlines()[0][:160]}") from error
    missing = [name for name in result.missing_keys if ".lora_" in name]
    if missing or result.unexpected_keys:
        raise UserError(f"adapter {directory} does not fit: {(missing + result.unexpected_keys)[0]}")
    return wrapped


def _config(described: Any) -> peft.LoraConfig:
    """Make PEFT's configuration of those of its settings that ``adapt`` sets; the others must have their defaults.

    Raises ValueError if they have not. The base's name stays out: PEFT would look it up in the model's own name.
    """
    if not isinstance(described, dict) or not isinstance(described.get("target_modules"), str):
        raise ValueError(f"{ADAPTER_CONFIG} names no target_modules")
    if not _NAMES.fullmatch(described["target_modules"]):
        raise ValueError(f"{ADAPTER_CONFIG}: expected names of layers in target_modules")
    defaults = json.loads(json.dumps(peft.LoraConfig().to_dict(), default=list))
    for name in described.keys() - _SET - _DESCRIBES:
        if described[name] != defaults.get(name):
            raise ValueError(f"{ADAPTER_CONFIG}: {name} is not as this package saves it")
    return peft.LoraConfig(**{name: described[name] for name in _SET & described.keys()})


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read: {str(error)[:160]}") from error
