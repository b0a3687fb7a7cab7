"""Datasets: from a source of pictures and words to arrays and splits."""
