"""Metrics on a held-out split: geometry and retrieval, by name in ``METRICS``."""

from gap.metrics.chance import chance_recall
from gap.metrics.cka import debiased_linear_cka, linear_cka, linear_cka_chunked
from gap.metrics.cone import mean_cosine, mean_norm, min_cosine
from gap.metrics.consistency import consistency_at_k
from gap.metrics.distance import misalignment, modality_gap
from gap.metrics.histograms import cosine_histograms
from gap.metrics.protocols import retrieval
from gap.metrics.registry import METRICS, VERSION, Metric
from gap.metrics.relative_gap import centred_residual, relative_modality_gap
from gap.metrics.separability import linear_separability
from gap.metrics.spectrum import effective_rank
from gap.metrics.summary import evaluate
from gap.metrics.uniformity import uniformity

__all__ = [
    "METRICS",
    "VERSION",
    "Metric",
    "centred_residual",
    "chance_recall",
    "consistency_at_k",
    "cosine_histograms",
    "debiased_linear_cka",
    "effective_rank",
    "evaluate",
    "linear_cka",
    "linear_cka_chunked",
    "linear_separability",
    "mean_cosine",
    "mean_norm",
    "min_cosine",
    "misalignment",
    "modality_gap",
    "relative_modality_gap",
    "retrieval",
    "uniformity",
]
