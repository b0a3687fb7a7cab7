"""Hidden states of many examples in one file on disk, whole or not at all.

``<cache>/prefix/<key>/`` holds ``states.bin``, the states row by row in the block's own precision, and ``states.json``:
``shape``, ``dtype`` and ``crc32`` of that file. Such a directory can be deleted at any time.
"""

import json
import math
import shutil
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gap.data.cache import build_once, default_cache, remove_dead_parts
from gap.data.progress import progress_bar
from gap.errors import UserError
from gap.models.precision import autocast
from gap.models.prefix import Prefix
from gap.training.prefix_key import tensor_bytes

Shape = tuple[int, ...]  # examples first
STATES, ABOUT = "states.bin", "states.json"
CHUNK = 128
LONG = 20 * CHUNK  # examples from which on a progress bar is shown


class NoRoomError(UserError):
    """The disk is too full for the states."""


def write_states(
    directory: Path,
    prefix: Prefix,
    shape: Shape,
    inputs: Callable[[slice], Tensor],
    *,
    device: torch.device,
    precision: str,
    progress: bool,
) -> None:
    """Compute the states of ``shape[0]`` examples, chunk by chunk, and write both files.

    ``inputs`` gives the inputs of some rows. Where these are shorter texts than others, the rest of a state is zero.
    Leaves the model in evaluation mode. Raises ``NoRoomError`` beforehand if the disk is too full.
    """
    _check_space(directory, math.prod(shape) * prefix.dtype.itemsize)
    prefix.clip.model.eval()
    starts, checksum = range(0, shape[0], CHUNK), 0
    title = f"{prefix.tower} tower: computing its frozen blocks once, {shape[0]} examples"
    with (
        (directory / STATES).open("wb") as file,
        progress_bar(title, len(starts), show=progress and shape[0] >= LONG) as step,
        torch.inference_mode(),
    ):
        for start in starts:
            with autocast(device, precision):
                states = prefix.capture(inputs(slice(start, start + CHUNK)))
            data = tensor_bytes(_filled_up(states, shape[1:]))
            file.write(data)
            checksum = zlib.crc32(data, checksum)
            step()
    about = {**_expected(prefix, shape), "crc32": checksum}
    (directory / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def cached_states(
    prefix: Prefix, key: str, shape: Shape, fill: Callable[[Path], None], *, cache_dir: Path | None = None
) -> Float[Tensor, "n ..."]:
    """Map the states under ``key``, written by ``fill`` unless they are there, whole and undamaged.

    A file is checked against its checksum once in a process.
    """
    directory = (cache_dir or default_cache()).absolute() / "prefix" / key
    remove_dead_parts(directory.parent)
    expected = _expected(prefix, shape)
    build_once(directory, fill, is_whole=lambda found: _is_whole(found, expected))
    # Shared, since the kernel sets memory aside for a private mapping and refuses one that is larger than the memory.
    states = torch.from_file(str(directory / STATES), shared=True, size=math.prod(shape), dtype=prefix.dtype)
    return states.view(shape)


def _filled_up(states: Tensor, shape: Shape) -> Tensor:
    if states.shape[1:] == shape:
        return states
    whole = states.new_zeros(len(states), *shape)
    whole[:, : states.shape[1]] = states
    return whole


def _expected(prefix: Prefix, shape: Shape) -> dict[str, Any]:
    return {"shape": list(shape), "dtype": str(prefix.dtype).removeprefix("torch.")}


def _check_space(directory: Path, needed: int) -> None:
    """Without the check, a large file stops halfway, after hours perhaps."""
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise NoRoomError(
            f"{directory.parent}: the states behind the frozen blocks need {needed} bytes ({needed / 1e9:.1f} GB), "
            f"but only {free / 1e9:.1f} GB are free: make room, choose another $MODALITY_GAP_CACHE, or set "
            "cache_prefix: false"
        )


def _is_whole(directory: Path, expected: dict[str, Any]) -> bool:
    path = directory / STATES
    try:
        about = json.loads((directory / ABOUT).read_text(encoding="utf-8"))
        found = path.stat()
        return bool(
            {name: about[name] for name in expected} == expected
            and found.st_size == math.prod(expected["shape"]) * getattr(torch, expected["dtype"]).itemsize
            and about["crc32"] == _checksum(path, found.st_size, found.st_mtime_ns)
        )
    except (OSError, ValueError, TypeError, LookupError):
        return False


@lru_cache
def _checksum(path: Path, size: int, changed: int) -> int:
    checksum, buffer = 0, bytearray(1 << 22)
    with path.open("rb") as file:
        while read := file.readinto(buffer):
            checksum = zlib.crc32(memoryview(buffer)[:read], checksum)
    return checksum
