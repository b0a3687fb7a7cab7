"""ARASAAC's pictograms with Spanish and English keywords, read from a local directory."""
