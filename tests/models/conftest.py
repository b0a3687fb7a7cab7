from pathlib import Path

import pytest
from families import write_weights


@pytest.fixture(scope="session")
def family_weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint of every small family."""
    return write_weights(tmp_path_factory.mktemp("families"))
