"""Training-free ways to move embeddings: fitted on training pairs, applied to any others, by name in ``METHODS``."""

from gap.posthoc.registry import METHODS, Method

__all__ = ["METHODS", "Method"]
