"""Every reported metric by name: which way is better, its unit and its range."""

import math
from dataclasses import dataclass

# Counts up when a name gets another meaning; results/README.md says what changed. A study keeps to one version.
VERSION = "2"


@dataclass(frozen=True)
class Metric:
    """Description of a reported number.

    ``low`` and ``high`` hold for any number of rows; a tighter bound for n rows is part of the definition.
    ``higher_is_better`` is None for what describes the embeddings and has no better side.
    """

    higher_is_better: bool | None
    unit: str
    low: float
    high: float
    definition: str


def _retrieval(protocol: str, direction: str) -> dict[str, Metric]:
    where = f"{protocol}, {direction}"
    recall = "share of queries with a right answer in the first"
    return {
        **{f"recall_at_{k}": Metric(True, "%", 0.0, 100.0, f"{recall} {k}, {where}") for k in (1, 5, 10)},
        "median_rank": Metric(False, "", 1.0, math.inf, f"median rank of the first right answer, {where}"),
        "mrr": Metric(True, "", 0.0, 1.0, f"mean reciprocal rank of the first right answer, {where}"),
    }


_PROTOCOLS = {"": "disjoint pools", "fold_": "folds of 1,000 images", "full_": "full gallery"}
_DIRECTIONS = {"": "mean of both directions", "_t2i": "text to image", "_i2t": "image to text"}

METRICS: dict[str, Metric] = {
    "modality_gap": Metric(False, "", 0.0, 2.0, "distance between the centroids of the modalities"),
    "misalignment": Metric(False, "", 0.0, 4.0, "mean squared distance within pairs"),
    "uniformity": Metric(
        False, "", -8.0, 0.0, "log mean Gaussian potential within modalities, at least −4n/(n−1) for n rows"
    ),
    "relative_modality_gap": Metric(False, "", 0.0, 1.0, "distance within pairs against distances within modalities"),
    "centred_residual": Metric(False, "", 0.0, 4.0, "mean squared distance within pairs of centred modalities"),
    "linear_separability": Metric(False, "%", 0.0, 100.0, "held-out accuracy of a plane between the modalities"),
    **{
        f"{modality}_{name}": metric
        for modality in ("image", "text")
        for name, metric in {
            "cone_mean": Metric(
                None, "", -1.0, 1.0, "mean cosine between different rows, at least −1/(n−1) for n rows"
            ),
            "cone_min": Metric(None, "", -1.0, 1.0, "smallest cosine between two rows"),
            "mean_norm": Metric(None, "", 0.0, 1.0, "length of the mean vector"),
            "effective_rank": Metric(
                None, "", 0.0, math.inf, "number of directions used, by their share; at most min(n−1, d)"
            ),
            "cka_base": Metric(None, "", -1.0, 1.0, "debiased linear CKA with the model before training"),
        }.items()
    },
    "cka_modalities": Metric(
        True, "", -1.0, 1.0, "debiased linear CKA between images and their first texts, 0 for unrelated ones"
    ),
    **{
        f"{prefix}{name}{suffix}": metric
        for prefix, protocol in _PROTOCOLS.items()
        for suffix, direction in _DIRECTIONS.items()
        for name, metric in _retrieval(protocol, direction).items()
    },
}
