from collections.abc import Iterator

import pytest
from pretend_arasaac import Pretend, record, serving


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    with serving(Pretend()) as server:
        server.catalogues["es"] = [record(number) for number in range(1, 9)]
        server.catalogues["en"] = [record(number, f"word {number}") for number in range(1, 9)]
        yield server
