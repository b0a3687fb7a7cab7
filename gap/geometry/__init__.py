"""Geometry on the sphere: distributions with closed forms, and the thesis's experiments with them."""
