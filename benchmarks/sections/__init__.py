"""The sections of ``python -m benchmarks``: each a function without arguments that gives rows."""
