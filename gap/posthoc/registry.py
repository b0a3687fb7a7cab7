"""Every method by name, with the strengths at which it is worth a look."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from gap.posthoc.dimensions import drop_gap_dimensions
from gap.posthoc.maps import Maps
from gap.posthoc.scaling import procrustes, realign, standardise
from gap.posthoc.shifts import centring, centring_raw, shift, shift_raw


@dataclass(frozen=True)
class Method:
    """How a method is fitted, and a sweep of its strength. ``unit`` says whether its vectors lie on the sphere."""

    fit: Callable[[Tensor, Tensor, float], Maps]
    strengths: tuple[float, ...]
    unit: bool = True


_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)

METHODS: dict[str, Method] = {
    "shift": Method(shift, (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75)),
    "shift_raw": Method(shift_raw, (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75), unit=False),
    "centring": Method(centring, _SHARES),
    "centring_raw": Method(centring_raw, _SHARES, unit=False),
    "standardise": Method(standardise, _SHARES),
    "realign": Method(realign, _SHARES),
    "procrustes": Method(procrustes, _SHARES),
    "drop_gap_dimensions": Method(drop_gap_dimensions, (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)),
}
