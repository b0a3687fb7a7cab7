"""ARASAAC's pictograms with their words: the download, and the reader of the directory that it fills."""
