"""Embeddings, dataset and small pictures of a study, kept in memory while they are looked at."""

from functools import lru_cache
from pathlib import Path

from gap.data import PairDataset
from study.embeddings import Embeddings, embeddings_path, read_embeddings
from study.explore.trials.snapshot import modified
from study.open_trial import study_dataset
from study.thumbnails import data_address, thumbnail

SIDE = 96  # pixels, for screens with two to a point


def embeddings_of(directory: Path, trial: str) -> Embeddings | None:
    """Read what the study kept of a trial, or of the ``baseline``; None if it kept none. Nothing is computed.

    Raises ``UserError`` on a damaged file.
    """
    path = embeddings_path(directory, trial)
    when = modified(path)
    return _embeddings(path, when) if when else None


def is_embedded(directory: Path, trial: str) -> bool:
    """Say whether the study kept a trial's embeddings."""
    return embeddings_path(directory, trial).exists()


def counts_of(directory: Path, trial: str) -> dict[str, list[int]]:
    """Count the cosines of what the study kept of a trial, as ``cosine_histograms`` does; empty if it kept nothing.

    Raises ``UserError`` on a damaged file.
    """
    path = embeddings_path(directory, trial)
    when = modified(path)
    return _counts(path, when) if when else {}


def dataset_of(directory: Path) -> PairDataset:
    """Open a study's dataset. Raises ``UserError`` if it has left the cache."""
    return _dataset(directory, modified(directory / "study.json"))


def picture_of(directory: Path, row: int) -> str:
    """Give a small picture of an image of the study's dataset, as a ``data:`` address."""
    return _picture(directory, modified(directory / "study.json"), row)


@lru_cache(maxsize=4)
def _embeddings(path: Path, when: int) -> Embeddings:
    return read_embeddings(path)


@lru_cache(maxsize=8)
def _counts(path: Path, when: int) -> dict[str, list[int]]:
    return _embeddings(path, when).cosines()


@lru_cache(maxsize=4)
def _dataset(directory: Path, when: int) -> PairDataset:
    return study_dataset(directory)


@lru_cache(maxsize=2_000)
def _picture(directory: Path, when: int, row: int) -> str:
    return data_address(thumbnail(_dataset(directory, when).images[row], SIDE))
