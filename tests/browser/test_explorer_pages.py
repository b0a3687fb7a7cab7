"""Every page of the explorer over a study: opened in light, in dark and on a phone."""

import pytest
from chromium import Visit
from looks import audit, is_drawn

from study.explore.app import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page(visit: Visit, explorer: str, name: str) -> None:
    page = visit(f"{explorer}{name}")
    page.locator("h1").wait_for()
    assert audit(page) == []
    assert is_drawn(page)
