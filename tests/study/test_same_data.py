import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_arasaac import write_small_arasaac

from gap.data import open_dataset, prepare
from gap.errors import UserError
from study.same_data import check_caption_rule, same_dataset


@pytest.fixture
def study(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A study as far as it says where its data are."""
    source = write_small_arasaac(tmp_path / "arasaac", records=40)
    data = prepare("arasaac", language="es", image_size=32, data_dir=source, cache_dir=tmp_path / "cache")
    dataset = open_dataset(data)
    about = {
        "spec": {"dataset": "arasaac", "language": "es", "model": "tiny", "pretrained": None},
        "data": {"path": str(data), "source": str(source), "data_hash": dataset.data_hash},
    }
    (tmp_path / "study.json").write_text(json.dumps(about))
    return tmp_path, about


def test_data_that_are_there_are_opened(study: tuple[Path, dict[str, Any]]) -> None:
    directory, about = study
    assert same_dataset(directory, about).data_hash == about["data"]["data_hash"]


@pytest.mark.parametrize("what", ["the dataset", "the whole cache", "some pixels", "a caption", "half the images"])
def test_data_that_are_gone_or_damaged_are_prepared_again(study: tuple[Path, dict[str, Any]], what: str) -> None:
    directory, about = study
    data = Path(about["data"]["path"])
    before = np.array(open_dataset(data).images)
    if what == "the dataset":
        shutil.rmtree(data)
    elif what == "the whole cache":
        shutil.rmtree(directory / "cache")
    elif what == "a caption":
        path = data / "captions.json"
        path.write_text(path.read_text(encoding="utf-8").replace("palabra 7", "palabra 8"), encoding="utf-8")
    elif what == "some pixels":
        with (data / "images.npy").open("r+b") as file:
            file.seek(2000)
            file.write(b"?????")
    else:
        os.truncate(data / "images.npy", (data / "images.npy").stat().st_size // 2)
    dataset = same_dataset(directory, about)
    np.testing.assert_array_equal(dataset.images, before)
    assert dataset.data_hash == about["data"]["data_hash"]
    assert "palabra 7" in " ".join(caption for captions in dataset.captions for caption in captions)


def test_without_its_source_the_remedy_is_said(study: tuple[Path, dict[str, Any]]) -> None:
    directory, about = study
    shutil.rmtree(directory / "cache")
    shutil.rmtree(directory / "arasaac")
    with pytest.raises(UserError, match=r"has left the cache, and cannot be prepared again: .*arasaac") as caught:
        same_dataset(directory, about)
    assert "\n" not in str(caught.value)


def test_other_data_are_no_stand_in(study: tuple[Path, dict[str, Any]]) -> None:
    directory, about = study
    shutil.rmtree(directory / "cache")
    entries = json.loads((directory / "arasaac" / "es.json").read_text())
    entries[0]["keywords"][0]["keyword"] = "otra"
    (directory / "arasaac" / "es.json").write_text(json.dumps(entries))
    with pytest.raises(UserError, match=r"has left the cache, and its source holds other data now"):
        same_dataset(directory, about)


def captions_of(
    study: tuple[Path, dict[str, Any]], change: Callable[[list[list[str]], list[int], list[int]], None]
) -> Any:
    """The study's dataset with other captions, which ``change`` makes given the rows of both parts."""
    dataset = same_dataset(*study)
    captions = [list(of_image) for of_image in dataset.captions]
    change(captions, dataset.train.tolist(), dataset.test.tolist())
    return replace(dataset, captions=captions)


def test_a_study_of_an_older_rule_goes_on_where_the_rule_makes_no_difference(
    study: tuple[Path, dict[str, Any]],
) -> None:
    directory, about = study
    check_caption_rule(directory, about, same_dataset(directory, about))


def _alike(captions: list[list[str]], train: list[int], test: list[int]) -> None:
    for row in test[:2]:
        captions[row] = ["una abeja en una flor " * 30 + str(row)]


def _across(captions: list[list[str]], train: list[int], test: list[int]) -> None:
    captions[train[0]], captions[test[0]] = ["un ni\u00f1o"], ["un nin\u0303o"]


@pytest.mark.parametrize("change", [_alike, _across])
def test_a_study_of_an_older_rule_that_would_differ_is_refused(study: tuple[Path, dict[str, Any]], change: Any) -> None:
    directory, about = study
    changed = captions_of(study, change)
    with pytest.raises(UserError, match=r"it began under another rule of which captions are equal \(number 0, now 1\)"):
        check_caption_rule(directory, about, changed)
    if change is _across:  # who gives a split is taken at their word
        check_caption_rule(directory, about, replace(changed, published=True))
    check_caption_rule(directory, {**about, "data": {**about["data"], "caption_rule": 1}}, changed)


def test_data_that_an_older_version_prepared_are_not_called_others(study: tuple[Path, dict[str, Any]]) -> None:
    directory, about = study
    older = Path(about["data"]["path"]).with_name("arasaac_es_32-0123456789abcdef")
    about = {**about, "data": {**about["data"], "path": str(older)}}
    with pytest.raises(UserError, match=r"has left the cache, and this version prepares and splits it otherwise"):
        same_dataset(directory, about)
