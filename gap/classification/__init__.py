"""Classifiers from a few labelled images on fixed embeddings, by name in ``METHODS``: annex B.2 of the thesis."""

from gap.classification.accuracy import accuracy
from gap.classification.registry import METHODS
from gap.classification.shots import draw_shots

__all__ = ["METHODS", "accuracy", "draw_shots"]
