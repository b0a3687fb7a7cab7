"""What a person should know of a dataset before anything is trained on it: ``python -m gap.data check``."""
