"""Let a torchvision that was built for CUDA be imported over a CPU torch.

Package indexes often carry only the CUDA build of torchvision. Over a CPU torch its extension cannot be loaded, and
``import torchvision`` then fails while it registers a fake kernel for an operator that does not exist
(``operator torchvision::nms does not exist``); open_clip, timm and peft import torchvision. Nothing here uses
detection operators, so declaring the missing schemas is enough. It must run before the first import of torchvision,
in every process, which is why ``gap/__init__.py`` imports it.
"""

import importlib.util
from pathlib import Path

import torch

# torchvision registers fake kernels for these two when it is imported.
_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def _extension_loads() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True  # no torchvision at all: its own import error says so better
    extensions = list(Path(spec.origin).parent.glob("_C*.so")) + list(Path(spec.origin).parent.glob("_C*.pyd"))
    if not extensions:
        return False
    try:
        torch.ops.load_library(str(extensions[0]))
    except OSError:
        return False
    return True


def declare_missing_ops() -> list[str]:
    """Declare torchvision's detection operators where its extension cannot provide them; return their names."""
    if _extension_loads():
        return []
    library = torch.library.Library("torchvision", "FRAGMENT")
    missing = [name for name in _SCHEMAS if not hasattr(torch.ops.torchvision, name)]
    for name in missing:
        library.define(_SCHEMAS[name])
    _keep_alive.append(library)  # a Library takes its definitions with it when it is collected
    return missing


_keep_alive: list[torch.library.Library] = []
MISSING = declare_missing_ops()  # what plain open_clip does without here, and cannot be imported for
