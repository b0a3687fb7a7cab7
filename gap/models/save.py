"""Results of a training run on disk: adapters in PEFT's own format, everything else that was trained beside them.

A directory holds ``adapter_config.json`` and ``adapter_model.safetensors`` where there are adapters;
``trained.safetensors``, with the temperature always and the weights themselves where they were trained, under their
names in open_clip; and a ``README.md`` that says how to load it outside of this project. The metadata of
``trained.safetensors`` name the base and the ``format``: 2, or none before names began with ``PREPARED``.
"""

import json
import logging
import re
from pathlib import Path
from typing import Any

import peft
from peft.utils import set_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.adapter_page import adapter_page
from gap.models.adapters import wrap
from gap.models.attention import PREPARED, packed_state_dict, with_split_attention
from gap.models.base_digest import base_digest
from gap.models.clip import Clip
from gap.models.directories import whole_directory

FORMAT = "2"
README = "README.md"
TRAINED = "trained.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
PICKLED_WEIGHTS = "adapter_model.bin"  # PEFT's other format, whose reader may run what the file says
# What ``adapt`` sets of PEFT's configuration, and what only describes where an adapter comes from.
_SET = frozenset({"r", "lora_alpha", "use_rslora", "use_dora", "target_modules"})
_DESCRIBES = frozenset({"auto_mapping", "base_model_name_or_path", "inference_mode", "peft_version", "revision"})
# Escaped names between bars. Repetition would let a pattern match other layers, or match for hours.
_NAMES = re.compile(r"(?:[\w-]|\\[.\-])+(?:\|(?:[\w-]|\\[.\-])+)*")
_MODEL = "base_model.model."  # how PEFT's names of tensors begin
_logger = logging.getLogger(__name__)


def save_adapter(clip: Clip, wrapped: peft.PeftModel | None, directory: Path) -> None:
    """Write what was trained of a model into a new directory, or in place of an old one, all of it or nothing.

    ``wrapped`` is what ``adapt`` returned. ``peft.PeftModel.from_pretrained`` reads the adapters onto what
    :func:`gap.models.attention.with_split_attention` makes of the base; on any other model it raises ``ValueError``.
    """
    with whole_directory(directory, replace=True) as part:
        if wrapped is not None:
            wrapped.peft_config["default"].base_model_name_or_path = clip.name
            wrapped.save_pretrained(part, save_embedding_layers=False)
        rest = _rest(clip.model)
        about = {**_base(clip), "base_digest": base_digest(clip.model, rest), "format": FORMAT}
        whole = {name: value.detach().cpu().contiguous() for name, value in packed_state_dict(clip.model, rest).items()}
        save_file(whole, part / TRAINED, metadata=about)
        (part / README).write_text(adapter_page(clip, wrapped), encoding="utf-8")


def load_adapter(clip: Clip, directory: Path) -> peft.PeftModel | None:
    """Put what ``save_adapter`` wrote, in this version or an earlier one, back into a freshly loaded base, in place.

    Returns the PEFT model where there are adapters. Raises ``UserError`` on a missing or damaged directory, one that
    was trained on another base, one whose weights are pickled, or whose configuration is not one of ``save_adapter``'s:
    PEFT does much more for other ones.
    """
    if not (directory / TRAINED).is_file():
        raise UserError(f"adapter {directory}: expected a directory with {TRAINED}")
    rest, about = _read(directory / TRAINED)
    _check_base(clip, rest, about, directory)
    wrapped = _load_peft(clip.model, directory) if (directory / ADAPTER_CONFIG).is_file() else None
    misfits = clip.model.load_state_dict(rest, strict=False).unexpected_keys
    if misfits:
        raise UserError(f"adapter {directory}: {clip.name} has no {misfits[0]}")
    return wrapped


def _check_base(clip: Clip, rest: dict[str, Tensor], about: dict[str, str], directory: Path) -> None:
    if about.get("format", FORMAT) != FORMAT:
        raise UserError(f"adapter {directory} has format {about['format']}: a later version of this package wrote it")
    own = _base(clip)
    if {name: about.get(name) for name in own} != own:
        shown = (" ".join(filter(None, (names.get("model"), names.get("pretrained")))) for names in (about, own))
        raise UserError(f"adapter {directory} was trained on {next(shown)}, not on {next(shown)}")
    base = " ".join(filter(None, own.values()))
    if "base_digest" not in about:
        _logger.warning(
            "adapter %s is of an earlier version: whether %s has the same weights is not known", directory, base
        )
    elif about["base_digest"] != base_digest(clip.model, rest):
        raise UserError(f"adapter {directory} was trained on {base} with other weights than it has now")


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
        config.target_modules = "|".join(_prepared(name, "\\.") for name in config.target_modules.split("|"))
        wrapped = wrap(with_split_attention(model), config)
        named = {f"{_MODEL}{_prepared(name.removeprefix(_MODEL))}": tensor for name, tensor in weights.items()}
        result = set_peft_model_state_dict(wrapped, named)
    except (OSError, TypeError, ValueError, KeyError, RuntimeError) as error:  # RecursionError is a RuntimeError
        if isinstance(error, UserError):
            raise
        raise UserError(f"adapter {directory} does not fit: {str(error).strip().splitlines()[0][:160]}") from error
    missing = [name for name in result.missing_keys if ".lora_" in name]
    if missing or result.unexpected_keys:
        raise UserError(f"adapter {directory} does not fit: {(missing + result.unexpected_keys)[0]}")
    return wrapped


def _prepared(name: str, dot: str = ".") -> str:
    """Return a layer's name in what ``with_split_attention`` returns; earlier versions saved that in the model."""
    return name if name.startswith(PREPARED) else f"{PREPARED}{dot}{name}"


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
