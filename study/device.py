"""The GPU that a study is planned for: the one that is here, or one that is described."""

from dataclasses import dataclass

import torch

MEMORY = 24.0
TFLOPS = {"bf16": 71.0, "fp32": 35.6}
UTILISATION = 0.4
REFERENCE = "an RTX 3090"
# Of a GPU's memory, what a study cannot have: CUDA's context, its libraries' workspaces, gaps between blocks.
RESERVED = 1.0


@dataclass(frozen=True)
class Device:
    """Memory in GB (10⁹ bytes), dense throughput in TFLOP/s, the share of it that training reaches; how both are known.

    >>> Device(memory=24.0, tflops=71.0, utilisation=0.4, stated="").seconds(71e12)
    2.5
    """

    memory: float
    tflops: float
    utilisation: float
    stated: str

    @property
    def budget(self) -> int:
        """Bytes that a step may hold."""
        return round((self.memory - RESERVED) * 1e9)

    def seconds(self, flops: float) -> float:
        """Give the time of so many floating-point operations."""
        return flops / (self.tflops * 1e12 * self.utilisation)


def planned_device(
    precision: str, *, memory: float | None = None, tflops: float | None = None, utilisation: float | None = None
) -> Device:
    """Describe the GPU to plan for: what is given, else memory as it is here, and what an RTX 3090 has.

    >>> planned_device("fp32", memory=48.0).stated
    '40 % of 35.6 TFLOP/s (dense fp32, an RTX 3090)'
    """
    speed, share = tflops or TFLOPS[precision], utilisation or UTILISATION
    whose = "as given" if tflops else REFERENCE
    return Device(
        memory=memory or _memory_here() or MEMORY,
        tflops=speed,
        utilisation=share,
        stated=f"{share:.0%} of {speed:g} TFLOP/s (dense {precision}, {whose})".replace("%", " %"),
    )


def _memory_here() -> float | None:
    return torch.cuda.get_device_properties(0).total_memory / 1e9 if torch.cuda.is_available() else None
