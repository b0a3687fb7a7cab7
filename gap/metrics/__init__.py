"""Metrics on a held-out split: geometry and retrieval, by name in ``METRICS``."""

from gap.metrics.distance import misalignment, modality_gap
from gap.metrics.protocols import retrieval
from gap.metrics.registry import METRICS, Metric
from gap.metrics.summary import evaluate
from gap.metrics.uniformity import uniformity

__all__ = ["METRICS", "Metric", "evaluate", "misalignment", "modality_gap", "retrieval", "uniformity"]
