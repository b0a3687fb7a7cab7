from pathlib import Path
from typing import Any

import pytest

from gap.data.arasaac.manifest import Kept, Manifest, read_manifest, write_manifest


def kept(number: int, **more: Any) -> Kept:
    return Kept(**{"id": number, "size": 300, "sha256": "ab" * 32, "bytes": 10, "last_updated": "2026-01-01", **more})


def test_what_is_added_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    assert read_manifest(path) == {}
    for number in (7, 3):  # opened twice: a second run adds to the first
        manifest = Manifest(path)
        manifest.add(kept(number))
        manifest.close()
    assert read_manifest(path) == {7: kept(7), 3: kept(3)}


def test_the_last_line_of_an_id_counts(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "manifest.jsonl")
    for one in (kept(1), kept(2), kept(1, bytes=11)):
        manifest.add(one)
    manifest.forget([2])
    manifest.close()
    assert read_manifest(tmp_path / "manifest.jsonl") == {1: kept(1, bytes=11)}


@pytest.mark.parametrize("cut", [1, 2, 40, 80])
def test_a_line_that_a_kill_cut_short_counts_for_nothing(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "manifest.jsonl"
    write_manifest(path, [kept(2), kept(1)])
    path.write_bytes(path.read_bytes()[:-cut])
    manifest = Manifest(path)
    manifest.add(kept(3))
    manifest.close()
    expected = {1: kept(1), 3: kept(3)} if cut > 1 else {1: kept(1), 2: kept(2), 3: kept(3)}
    assert read_manifest(path) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"null", b"[]", b"7", b'{"id": "../../x", "size": 300, "sha256": "", "bytes": 1}',
        b'{"id": 1e99, "size": 300, "sha256": "", "bytes": 1}', b'{"id": 5, "size": "300", "sha256": "", "bytes": 1}',
        b'{"id": 5, "size": 300, "sha256": null, "bytes": 1}', b"\xff\xfe", b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_line_that_says_nothing_is_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "manifest.jsonl"
    write_manifest(path, [kept(1)])
    path.write_bytes(line + b"\n" + path.read_bytes())
    assert read_manifest(path) == {1: kept(1)}
