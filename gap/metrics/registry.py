"""Every reported metric by name: which way is better, its unit and its range."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What one needs to know to read a number."""

    higher_is_better: bool
    unit: str
    low: float
    high: float
    definition: str


def _recall(k: int, protocol: str, direction: str) -> Metric:
    return Metric(
        True, "%", 0.0, 100.0, f"share of queries with a right answer in the first {k}, {protocol}, {direction}"
    )


_PROTOCOLS = {"": "disjoint pools", "full_": "full gallery"}
_DIRECTIONS = {"": "mean of both directions", "_t2i": "text to image", "_i2t": "image to text"}

METRICS: dict[str, Metric] = {
    "modality_gap": Metric(False, "", 0.0, 2.0, "distance between the centroids of the modalities"),
    "misalignment": Metric(False, "", 0.0, 4.0, "mean squared distance within pairs"),
    "uniformity": Metric(False, "", -8.0, 0.0, "log mean Gaussian potential within modalities"),
    **{
        f"{prefix}recall_at_{k}{suffix}": _recall(k, protocol, direction)
        for prefix, protocol in _PROTOCOLS.items()
        for k in (1, 5, 10)
        for suffix, direction in _DIRECTIONS.items()
    },
}
