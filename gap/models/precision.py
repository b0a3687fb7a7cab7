"""In which precision the towers compute; losses and metrics are always taken in fp32."""

from contextlib import AbstractContextManager

import torch

from gap.errors import unknown

PRECISIONS: dict[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Let matrix products inside run in ``precision``; parameters stay fp32. Raises ``UserError`` on an unknown one.

    >>> with autocast(torch.device("cpu"), "bf16"):
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.bfloat16
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    return torch.autocast(device.type, dtype=PRECISIONS[precision], enabled=precision != "fp32")
