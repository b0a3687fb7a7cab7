"""Loss terms on a batch of unit vectors, by name in ``TERMS``, and their weighted total."""

from gap.losses.registry import TERMS
from gap.losses.total import parse_terms, total_loss

__all__ = ["TERMS", "parse_terms", "total_loss"]
