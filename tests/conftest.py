import os
from collections.abc import Iterator
from importlib import import_module

# Read once, when ray or transformers is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray lets its workers give way to everything else on the machine; tests wait for them.
os.environ.setdefault("RAY_worker_niceness", "0")

import pytest
from jaxtyping import install_import_hook

# Every shape in a signature of `gap` is checked while the tests run.
install_import_hook("gap", "beartype.beartype")

# Before any test imports open_clip, which needs torchvision's operators declared.
import_module("gap")


@pytest.fixture(scope="session", autouse=True)
def states_of_frozen_blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests compute of frozen blocks out of the user's cache."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gap.training.prefix_file.default_cache", lambda: cache)
        yield
