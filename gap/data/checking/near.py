"""Images that are the same to the eye, on the prepared array: other files, encodings or sizes of one picture.

Near-identical are two images whose colours on 8 x 8 cells differ by at most ``COARSE_RMS`` in root mean square (of
255), and on 32 x 32 cells by ``FINE_RMS``, nowhere by more than ``FINE_MOST``. Candidates are the nearest neighbours
on the coarse cells, found in a tree over their 16 main directions: distances can only be smaller there.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8
from scipy.spatial import KDTree

COARSE, FINE = 8, 32
DIRECTIONS, NEIGHBOURS = 16, 8
COARSE_RMS, FINE_RMS, FINE_MOST = 12.0, 5.0, 32.0
_CHUNK = 128
Images = UInt8[np.ndarray, "m s s 3"]


def _averages(size: int, cells: int) -> Float32[np.ndarray, "k s"]:
    """Make the matrix that takes the means of ``cells`` parts, or of single pixels where there are fewer."""
    cells = min(cells, size)
    part = np.arange(size) * cells // size
    matrix = (part == np.arange(cells)[:, None]).astype(np.float32)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def _cells(pixels: UInt8[np.ndarray, "n s s 3"], cells: int) -> Float32[np.ndarray, "n k k 3"]:
    """Take the means of ``cells`` x ``cells`` cells."""
    count, size = pixels.shape[:2]
    averages = _averages(size, cells)
    rows = averages @ pixels.reshape(count, size, size * 3).astype(np.float32)
    return np.asarray(averages @ rows.reshape(count, len(averages), size, 3))


def _thumbnails(
    images: Images, progress: Callable[[int], object]
) -> tuple[Float32[np.ndarray, "m k"], Int64[np.ndarray, " m"]]:
    """Make the coarse thumbnails of all images, some at a time, and find the first row with the same pixels."""
    found, first, seen = [], np.zeros(len(images), dtype=np.int64), dict[bytes, int]()
    for start in range(0, len(images), _CHUNK):
        part = np.asarray(images[start : start + _CHUNK])
        found.append(_cells(part, COARSE).reshape(len(part), -1))
        for row, pixels in enumerate(part, start):
            first[row] = seen.setdefault(hashlib.blake2b(pixels.tobytes(), digest_size=16).digest(), row)
        progress(len(part))
    return np.concatenate(found), first


def _projected(thumbs: Float32[np.ndarray, "m k"]) -> Float64[np.ndarray, "m d"]:
    """Turn thumbnails to their main directions: distances can only become smaller."""
    some = thumbs[:: max(1, len(thumbs) // 5_000)].astype(np.float64)
    directions = np.linalg.svd(some - some.mean(0), full_matrices=False)[2][:DIRECTIONS]
    return np.asarray(thumbs.astype(np.float64) @ directions.T)


def _candidates(thumbs: Float32[np.ndarray, "m k"]) -> Iterator[tuple[int, int]]:
    """Give pairs of images with near thumbnails, at most ``NEIGHBOURS`` an image."""
    points, radius = _projected(thumbs), COARSE_RMS * thumbs.shape[1] ** 0.5
    tree = KDTree(points)
    for start in range(0, len(points), 10_000):
        part = points[start : start + 10_000]
        _, near = tree.query(part, k=min(NEIGHBOURS + 1, len(points)), distance_upper_bound=radius, workers=-1)
        near = near.reshape(len(part), -1)  # a single neighbour comes as no column
        rows, columns = np.nonzero((near < len(points)) & (near != np.arange(start, start + len(part))[:, None]))
        others, rows = near[rows, columns], rows + start
        close = np.linalg.norm(thumbs[rows] - thumbs[others], axis=1) <= radius
        for one, other in zip(rows[close].tolist(), others[close].tolist(), strict=True):
            yield min(one, other), max(one, other)


def near_identical(images: Images, progress: Callable[[int], object] = lambda _: None) -> list[tuple[int, int]]:
    """Give pairs of rows with near-identical images, the lower row first; for each, its nearest ones.

    >>> image = np.full((2, 8, 8, 3), 100, dtype=np.uint8)
    >>> near_identical(image)
    [(0, 1)]
    """
    if len(images) < 2:
        return []
    thumbs, first = _thumbnails(images, progress)
    others = np.unique(first)
    pairs = {(int(others[one]), int(others[other])) for one, other in _candidates(thumbs[others])}
    alike = [pair for pair in sorted(pairs) if _look_alike(images[pair[0]], images[pair[1]])]
    same = [(int(first[row]), row) for row in range(len(first)) if first[row] != row]
    return sorted([*alike, *same])


def _look_alike(one: UInt8[np.ndarray, "s s 3"], other: UInt8[np.ndarray, "s s 3"]) -> bool:
    cells = _cells(np.stack([one, other]), FINE)
    difference = np.abs(cells[0] - cells[1])
    return bool(difference.max() <= FINE_MOST and np.sqrt(np.mean(difference**2)) <= FINE_RMS)
