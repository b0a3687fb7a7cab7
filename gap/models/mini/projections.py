"""The trained part of ``mini``: two linear projections and the temperature, in one safetensors file.

Tensors, under their names in open_clip's state dict: ``visual.head.proj.weight`` [256 1280], ``visual.head.proj.bias``
[256], ``text.proj.weight`` [256 384] in half precision, ``logit_scale`` [] in single precision. The metadata names what
they were trained on.
"""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gap.errors import UserError

SHIPPED = Path(__file__).with_name("projections.safetensors")
NAMES = ("visual.head.proj.weight", "visual.head.proj.bias", "text.proj.weight", "logit_scale")


def load_projections(model: nn.Module, path: Path = SHIPPED) -> None:
    """Put a file's projections and temperature into ``model``, in the model's own precision.

    Raises UserError when the file is missing or damaged, or its tensors are not those that the model has.
    """
    tensors = _read(path)
    own = model.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    expected = {name: tuple(own[name].shape) for name in NAMES}
    if shapes != expected:
        raise UserError(f"{path}: expected projections of shapes {expected}, got {shapes}")
    model.load_state_dict(tensors, strict=False)


def metadata(path: Path = SHIPPED) -> dict[str, str]:
    """Return what the file says of itself: ``seed``, ``image_size``, ``data`` and others, all as text.

    >>> metadata()["seed"]
    '0'
    """
    with _open(path) as file:
        return dict(file.metadata() or {})


def _open(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="pt")
    except (OSError, SafetensorError) as error:
        raise UserError(f"cannot read the projections of mini, {path} ({error}): reinstall this package") from error


def _read(path: Path) -> dict[str, Tensor]:
    with _open(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
