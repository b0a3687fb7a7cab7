"""A browser without a window, pages that are watched while they are open, and something real to show in them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from chromium import ARGUMENTS, REMEDY, Visit, Watch, browser_here
from commands import explorer_over, run, write_pictures
from playwright.sync_api import Browser, Page, expect, sync_playwright

PATIENCE = 30_000  # milliseconds for what a page is to show
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser; without one the tests are skipped, or fail where CI is set."""
    with sync_playwright() as playwright:
        path = browser_here(playwright.chromium.executable_path)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(REMEDY)
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Give what opens an address; after the test no page may have reported an error or asked for anything elsewhere."""
    watch = Watch()

    def open_address(address: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch.follow(page)
        page.goto(address)
        return page

    yield open_address
    for context in browser.contexts:
        context.close()
    assert watch.faults == []


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a study: three trials of `tiny` on three hundred pictures under ARASAAC's name and licence."""
    home = tmp_path_factory.mktemp("browser")
    write_pictures(home / "arasaac")
    run(
        "study/run.py", "--space", "arasaac_es.yaml", "--data-dir", str(home / "arasaac"), "--model", "tiny",
        "--profile", "rehearsal", "--epochs", "1", "--set", "batch_size=64", "--trials", "3", "--name", "seen",
        "--results-dir", str(home / "results"), home=home,
    )  # fmt: skip
    return home / "results" / "seen-rehearsal"


@pytest.fixture(scope="session")
def growing(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the study as it was after its first trial, with other gaps: no point lies on one of the study's."""
    copy = tmp_path_factory.mktemp("growing") / "growing-rehearsal"
    shutil.copytree(study, copy)
    for table in ("trials.csv", "epochs.csv", "hypervolume.csv", "pareto.csv"):
        rows = pd.read_csv(copy / table)
        if "modality_gap" in rows:
            rows["modality_gap"] += 0.1
        (rows if table == "pareto.csv" else rows[rows["trial_id"] == "t000"]).to_csv(copy / table, index=False)
    return copy


@pytest.fixture(scope="session")
def explorer(study: Path, growing: Path) -> Iterator[str]:
    """Start the explorer over the two; gives its address, with a slash at the end."""
    with explorer_over(study, growing, home=study.parents[1]) as address:
        yield address
