from pathlib import Path
from types import SimpleNamespace

import pytest

from gap.errors import UserError
from study import ray_directory
from study.ray_directory import check_room


def test_ray_gets_the_directory_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert ray_directory.ray_directory() == tmp_path / "ray"
    check_room()
    monkeypatch.setattr(ray_directory.shutil, "disk_usage", lambda path: SimpleNamespace(free=20_000_000))
    with pytest.raises(
        UserError, match=r"no space left for Ray's files in .*ray: .* 20 MB are free\), or set RAY_TMPDIR"
    ):
        check_room()


def test_a_file_in_rays_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"Ray cannot keep its files in .*file/ray \(Not a directory\): set RAY_TMPDIR"):
        check_room()
