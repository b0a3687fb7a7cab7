import os

# Set before ray, transformers or jax-like libraries are imported anywhere.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

from jaxtyping import install_import_hook

# Every shape in a signature of `gap` is checked while the tests run.
install_import_hook("gap", "beartype.beartype")
