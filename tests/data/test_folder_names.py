"""Tables as other tools write them: other names of the columns, tabs, lists of captions, images inside the table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_copy import picture
from own_data import write_pictures, write_table

from gap.data.folder.catalogue import read
from gap.data.folder.names import CAPTIONS, IMAGES
from gap.data.folder.table import READERS
from gap.data.records import Catalogue
from gap.errors import UserError


def captions_of(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...]]]:
    return [(record.id, record.captions) for record in catalogue.records]


def rows_of(image: str, caption: str, count: int = 4, **more: Any) -> list[dict[str, Any]]:
    return [{image: f"{n:03d}.png", caption: f"caption {n}", **more} for n in range(count)]


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("caption", CAPTIONS)
def test_the_names_of_other_tools(ending: str, image: str, caption: str, tmp_path: Path) -> None:
    found = read("en", write_table(write_pictures(tmp_path, 4), rows_of(image, caption), ending))
    assert captions_of(found) == [(f"{n:03d}.png", (f"caption {n}",)) for n in range(4)]
    assert found.skipped == []


@pytest.mark.parametrize("ending", READERS)
def test_image_and_caption_go_before_all_other_names(ending: str, tmp_path: Path) -> None:
    rows = [row | {"filepath": "x", "text": "y", "title": "z"} for row in rows_of("image", "caption")]
    found = read("en", write_table(write_pictures(tmp_path, 4), rows, ending))
    assert captions_of(found) == [(f"{n:03d}.png", (f"caption {n}",)) for n in range(4)]


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "000.png", "words": "a"}, r"has no column image; expected image \(or file_name, filepath\), caption "
         r"\(or captions, text, title, sentence, sentences\)\[, split, group\], got name, words"),
        ({"image": "000.png", "label": 7}, r"has no column caption; expected .*, got image, label"),
        ({"caption": "000.png", "picture": "a"}, r"has no column image; expected .*, got caption, picture"),
        ({"image": "000.png", "text": "a", "title": "b"},
         r"has columns text and title, either of which may be the captions; call one of them caption"),
        ({"file_name": "000.png", "filepath": "a", "text": "b"},
         r"has columns file_name and filepath, either of which may be the images; call one of them image"),
    ],
)  # fmt: skip
def test_other_columns_are_one_line_with_those_found(
    ending: str, row: dict[str, Any], message: str, tmp_path: Path
) -> None:
    hint = r"(; columns are separated by commas or tabs)?$"
    with pytest.raises(UserError, match=rf"^folder: [^\n]*pairs\{ending} {message}{hint}"):
        read("en", write_table(write_pictures(tmp_path, 4), [row] * 3, ending))


def test_a_line_of_json_without_the_columns_is_a_fault_of_its_own(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    lines = [{"version": 1}, *rows_of("file_name", "text", 3), {"file_name": "000.png", "caption": "not text"}]
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read("en", tmp_path)
    assert captions_of(found) == [(f"{n:03d}.png", (f"caption {n}",)) for n in range(3)]
    reasons = {one.id: one.reason for one in found.skipped}
    assert reasons["metadata.jsonl, line 1"].endswith("got version")
    assert reasons["metadata.jsonl, line 5"] == "no caption"


def test_the_tabs_of_open_clip(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    (tmp_path / "train.csv").write_text("filepath\ttitle\n000.png\ta, b, and c\n001.png\tit is 5 o'clock\n")
    assert captions_of(read("en", tmp_path)) == [("000.png", ("a, b, and c",)), ("001.png", ("it is 5 o'clock",))]


def test_a_header_with_a_comma_is_separated_by_commas_whatever_tabs_it_has(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    (tmp_path / "t.csv").write_text("image\t,caption\n000.png,a\tb\n")
    assert captions_of(read("en", tmp_path)) == [("000.png", ("a b",))]


@pytest.mark.parametrize("text", [str(["a", "b"]), json.dumps(["a", "b"]), "['it\"s']"])
def test_a_list_written_as_a_text_is_no_caption(text: str, tmp_path: Path) -> None:
    rows = [*rows_of("image", "caption", 3), {"image": "003.png", "caption": text}]
    found = read("en", write_table(write_pictures(tmp_path, 4), rows))
    (one,) = found.skipped
    assert one.reason == f"the caption {text} is a list written as a text; give each caption a row of its own"


@pytest.mark.parametrize("text", ["[a] b", "['a' or 'b']", "'a'", "[1, 2]", "[]", "['a'] ['b']", "a ['b']"])
def test_brackets_alone_make_no_list(text: str, tmp_path: Path) -> None:
    rows = [*rows_of("image", "caption", 3), {"image": "003.png", "caption": text}]
    assert read("en", write_table(write_pictures(tmp_path, 4), rows)).records[3].captions == (text,)


STRUCT = pa.struct({"bytes": pa.binary(), "path": pa.string()})
INSIDE: dict[str, Callable[[int], Any]] = {
    "struct": lambda n: {"bytes": picture(n), "path": f"{n}.png"},
    "binary": picture,
}


@pytest.mark.parametrize("kind", INSIDE)
@pytest.mark.parametrize("column", ["image", "filepath"])
def test_images_inside_parquet_are_named_with_a_remedy_that_works(
    kind: str, column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    from gap.data.huggingface.catalogue import read as read_saved

    datasets.disable_progress_bars()
    images = pa.array([INSIDE[kind](n) for n in range(4)], STRUCT if kind == "struct" else pa.binary())
    texts = pa.array([f"caption {n}" for n in range(4)])
    pq.write_table(pa.table({column: images, "text": texts}), tmp_path / "0.parquet")
    with pytest.raises(
        UserError, match=r"holds the images themselves in column [^\n]*\.save_to_disk\(DIR\)$"
    ) as caught:
        read("en", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    call = str(caught.value).partition("after ")[2]
    eval(call, {"datasets": datasets, "DIR": str(tmp_path / "saved")})
    found = read_saved("en", tmp_path / "saved")
    assert [record.captions for record in found.records] == [(f"caption {n}",) for n in range(4)]
    assert [record.image.read_bytes() for record in found.records] == [picture(n) for n in range(4)]
