"""Checkpoint files: tensors go in, nothing in them is ever run, and what does not fit is said in one line."""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.file_digest import sha256_of
from gap.models.positions import fit_positions, position_tables
from gap.models.tags import tag_with_sha256

SAFE = ".safetensors"
SUFFIXES = (SAFE, ".pt", ".pth", ".bin", ".ckpt")
# Where training programs keep a model's tensors, open_clip_train's first.
WRAPPERS = ("state_dict", "model", "model_state_dict", "module")
# What DistributedDataParallel, torch.compile and Lightning put before every name; and inside names.
PREFIXES = ("module.", "_orig_mod.", "model.")
INSIDE = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
State = dict[str, Tensor]
CONVERT = (
    "import torch; state = torch.jit.load('{path}', map_location='cpu').state_dict(); "
    "[state.pop(name, None) for name in ('input_resolution', 'context_length', 'vocab_size')]; "
    "torch.save(dict(state), '{target}')"
)


@dataclass(frozen=True)
class Tensors:
    """The named tensors of a file, without the prefixes of wrappers; ``notes`` say what else was chosen from."""

    path: Path
    state: State
    notes: tuple[str, ...] = ()


def fill(model: nn.Module, tensors: Tensors, *, name: str, resize_positions: bool = False) -> tuple[str, ...]:
    """Fill ``model`` from a file's tensors, all of them; returns what is to be known of it.

    Position tables of other sizes are refused unless ``resize_positions``. Raises ``UserError`` if the tensors are
    another architecture's, with the first name of each kind that differs.
    """
    path, notes = tensors.path, list(tensors.notes)
    try:
        state = _as_open_clip_names_them(model, dict(tensors.state), notes)
    except (RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"checkpoint {path} is not of a {name}: {_brief(error)}") from error
    own = model.state_dict()
    misfits = {
        key: tuple(tensor.shape) for key, tensor in state.items() if key in own and tensor.shape != own[key].shape
    }
    # Modules may read older names and leave out what has a default: what is missing is theirs to say.
    result = model.load_state_dict({key: value for key, value in state.items() if key not in misfits}, strict=False)
    missing = [key for key in result.missing_keys if key not in misfits]
    if missing or result.unexpected_keys or misfits.keys() - position_tables(state, model):
        wrong = [(key, list(shape), list(own[key].shape)) for key, shape in misfits.items()]
        raise UserError(f"checkpoint {path} is not of a {name}: {_mismatch(result.unexpected_keys, missing, wrong)}")
    if misfits:
        notes += fit_positions(state, model, path=path, name=name, resize=resize_positions)
        model.load_state_dict({key: state[key] for key in misfits}, strict=False)
    return tuple(notes)


def read_tensors(path: Path) -> Tensors:
    """Read the named tensors of a ``.safetensors`` file or a ``.pt`` of plain tensors, once.

    A dictionary of tensors may lie under ``state_dict``, ``model`` and the like, as open_clip_train's does beside its
    optimiser; what wrappers of modules put before or into names (``module.``, ``_orig_mod.``, ``model.``) is taken off.

    Raises ``UserError`` if there is no such file, it cannot be read as plain tensors, or it holds no named tensors.
    """
    if not path.is_file():
        raise UserError(f"checkpoint {path}: no such file")
    if path.suffix not in SUFFIXES:
        raise UserError(f"checkpoint {path}: expected a file of plain tensors ({', '.join(SUFFIXES)})")
    try:
        content = load_file(path) if path.suffix == SAFE else _read_pickled(path)
    except (
        OSError, EOFError, SafetensorError, pickle.UnpicklingError, ValueError, RuntimeError, KeyError, AttributeError,
        TypeError, IndexError,
    ) as error:  # fmt: skip
        if isinstance(error, UserError):
            raise
        raise UserError(f"checkpoint {path} cannot be read as plain tensors: {_brief(error)}") from error
    state, notes = _unwrapped(content, path)
    return Tensors(path, without_prefixes(state), tuple(notes))


def _read_pickled(path: Path) -> Any:
    """Read a ``.pt`` as plain tensors, or raise what the reader raises; archives of tensors are mapped."""
    archive = zipfile.is_zipfile(path)
    if archive and _is_torchscript(path):
        known = tag_with_sha256(sha256_of(path))
        tag, named = (":".join(known), "-".join(known)) if known else ("ViT-L-14:openai", f"{path.stem}-tensors")
        raise UserError(
            f"checkpoint {path} cannot be read as plain tensors: it is a TorchScript archive, as OpenAI published its "
            f"weights. Take {'its' if known else 'their'} tag (--model {tag}), or, if you trust the file, write its "
            f'tensors once: python -c "{CONVERT.format(path=path, target=path.with_name(f"{named}.pt"))}"'
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of code inside, which is refused right after
        return torch.load(path, map_location="cpu", weights_only=True, mmap=archive)


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(Path(name).name == "constants.pkl" for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _unwrapped(content: Any, path: Path) -> tuple[State, list[str]]:
    """Find the dictionary of tensors in what a file holds."""
    notes: list[str] = []
    while not _is_state(content):
        if not isinstance(content, Mapping):
            raise UserError(f"checkpoint {path} holds no named tensors: got {type(content).__name__}")
        inside = {str(key): value for key, value in content.items() if isinstance(value, Mapping)}
        if (key := next((key for key in WRAPPERS if key in inside), None)) is None:
            shown = ", ".join(map(str, list(content)[:8])) or "nothing"
            raise UserError(f"checkpoint {path} holds no named tensors, nor these under {WRAPPERS[0]}: got {shown}")
        if others := [other for other, value in inside.items() if other != key and _is_state(value)]:
            notes.append(f"the file holds other weights as well ({', '.join(others)}): those under {key} are taken")
        content = inside[key]
    return dict(content), notes


def _is_state(content: Any) -> bool:
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items())
    )


def without_prefixes(state: Mapping[str, Tensor]) -> State:
    """Take off what wrappers of modules put before all names, nested in any order, or into them.

    >>> list(without_prefixes({"module._orig_mod.visual._orig_mod.proj": torch.zeros(1)}))
    ['visual.proj']
    """
    found = dict(state)
    for part in INSIDE:
        found = {name.replace(part, ""): tensor for name, tensor in found.items()}
    while found and (prefix := next((p for p in PREFIXES if all(name.startswith(p) for name in found)), None)):
        found = {name.removeprefix(prefix): tensor for name, tensor in found.items()}
    return found


def _as_open_clip_names_them(model: nn.Module, state: State, notes: list[str]) -> State:
    """Bring other programs' and older names of the same tensors to open_clip's, as its own reader does."""
    state = convert_state_dict(model, state)
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    own = model.state_dict()
    for name in ("logit_scale", "logit_bias"):  # a number, or a vector of one
        if name in state and name in own and state[name].numel() == own[name].numel():
            state[name] = state[name].reshape(own[name].shape)
    if "logit_bias" in own and "logit_bias" not in state:
        state["logit_bias"] = torch.zeros_like(own["logit_bias"])
        notes.append("the file has no logit_bias: it begins at 0")
    if (positions := "text.transformer.embeddings.position_ids") not in own:
        state.pop(positions, None)  # counts from 0, which transformers no longer keeps
    return state


def _mismatch(unexpected: list[str], missing: list[str], misfits: list[tuple[str, list[int], list[int]]]) -> str:
    """Say how many names differ, and the first of each kind."""
    parts = []
    if unexpected:
        parts.append(f"{len(unexpected)} unexpected (first {unexpected[0]})")
    if missing:
        parts.append(f"{len(missing)} missing (first {missing[0]})")
    if misfits:
        key, got, wanted = misfits[0]
        parts.append(f"{len(misfits)} of another shape (first {key}: {got} in the file, {wanted} in the model)")
    return ", ".join(parts)


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(". ")[0][:160] if str(error).strip() else type(error).__name__
