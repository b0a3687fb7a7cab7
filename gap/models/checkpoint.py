"""Checkpoint files: tensors go in, nothing in them is ever run, and what does not fit is said in one line."""

import pickle
import warnings
import zipfile
from pathlib import Path

import open_clip
import torch
from safetensors import SafetensorError
from torch import nn

from gap.errors import UserError

SAFE = ".safetensors"
SUFFIXES = (SAFE, ".pt", ".pth", ".bin", ".ckpt")


def load_checkpoint(model: nn.Module, path: Path, *, name: str) -> None:
    """Fill ``model`` from a ``.safetensors`` file or a ``.pt`` of plain tensors, as open_clip saves them.

    Raises ``UserError`` on a missing or damaged file, one that holds more than tensors, or another architecture's.
    """
    if not path.is_file():
        raise UserError(f"checkpoint {path}: no such file")
    if path.suffix not in SUFFIXES:
        raise UserError(f"checkpoint {path}: expected a file of plain tensors ({', '.join(SUFFIXES)})")
    try:
        if path.suffix != SAFE:
            _refuse_code(path)
        open_clip.load_checkpoint(model, str(path), strict=True, weights_only=True)
    except (OSError, EOFError, SafetensorError, pickle.UnpicklingError, ValueError) as error:
        raise UserError(f"checkpoint {path} cannot be read as plain tensors: {_brief(error)}") from error
    except (RuntimeError, KeyError, AttributeError, TypeError, StopIteration) as error:
        if "weights_only" in str(error) or "PytorchStreamReader" in str(error):
            raise UserError(f"checkpoint {path} cannot be read as plain tensors: {_brief(error)}") from error
        raise UserError(f"checkpoint {path} is not of a {name}: {_mismatch(error)}") from error


def _refuse_code(path: Path) -> None:
    """Read a ``.pt`` as plain tensors, or raise what the reader raises.

    On a TypeError, open_clip reads a file again with torch's default, which an environment variable turns to full
    pickles. Mapped, a file of gigabytes takes no time here; torch maps those that are archives.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of code inside, which is refused right after
        torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0].split(". ")[0][:160] if str(error).strip() else type(error).__name__


def _mismatch(error: Exception) -> str:
    """Give the first difference out of torch's many lines."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 else lines[0] if lines else type(error).__name__)[:200]
