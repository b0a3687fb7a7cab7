"""Datasets of the library ``datasets``, saved on disk."""
