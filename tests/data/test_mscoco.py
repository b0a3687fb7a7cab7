from pathlib import Path

import pytest

from gap.data import is_at_hand, prepare
from gap.errors import UserError


@pytest.mark.parametrize("given", [False, True])
def test_the_error_says_at_once_what_can_be_read_instead(tmp_path: Path, given: bool) -> None:
    directory = tmp_path / "coco"
    (directory / "annotations").mkdir(parents=True)
    with pytest.raises(UserError, match=r"^mscoco: this version has no reader .* can read: arasaac, pictograms$"):
        prepare(
            "mscoco",
            language="en",
            image_size=8,
            data_dir=directory if given else None,
            cache_dir=tmp_path / "cache",
        )
    assert not (tmp_path / "cache").exists()


def test_it_is_not_at_hand_unless_given(tmp_path: Path) -> None:
    assert not is_at_hand("mscoco", cache_dir=tmp_path)
    assert is_at_hand("mscoco", data_dir=tmp_path, cache_dir=tmp_path)
