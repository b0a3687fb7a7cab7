import json
from pathlib import Path
from typing import Any

import pytest
from local_copy import picture, write_copy

from gap.data.arasaac.catalogue import clean_keywords, read
from gap.data.records import Catalogue
from gap.errors import UserError


def keyed(*words: Any) -> list[dict[str, Any]]:
    return [{"keyword": word, "type": 2, "hasLocution": True} for word in words]


def catalogue_of(directory: Path, entries: Any, *, pictures: int = 20) -> Catalogue:
    """Read a copy with these entries in es.json and pictures 0 to ``pictures`` - 1."""
    write_copy(directory, pictures)
    (directory / "es.json").write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
    return read("es", directory)


def group_of(catalogue: Catalogue) -> dict[str, str]:
    return {record.id: record.group for record in catalogue.records}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (keyed("casa", "hogar"), ["casa", "hogar"]),
        (keyed("  casa\t de\u00a0\n campo "), ["casa de campo"]),
        (keyed("Sal &amp; pimienta", "&iquest;qu&eacute;?"), ["Sal & pimienta", "¿qué?"]),
        (keyed("Casa", "casa", "CASA "), ["Casa"]),
        (keyed("STRASSE", "straße"), ["STRASSE"]),
        (keyed("camio\u0301n", "camión"), ["camión"]),
        (keyed("ca\u00adsa\u200b", "\ufeffsol"), ["casa", "sol"]),
        (keyed("a\ud800b"), ["ab"]),
        (keyed("می\u200cخواهم", "کتاب\u200cها"), ["می\u200cخواهم", "کتاب\u200cها"]),  # Persian
        (
            keyed("\U0001f468\u200d\U0001f469\u200d\U0001f467"),
            ["\U0001f468\u200d\U0001f469\u200d\U0001f467"],
        ),  # a family
        (keyed("ه\u200d"), ["ه\u200d"]),
        (keyed("\u200d", " \u200c\u200d ", "a\u200e\u2060b"), ["ab"]),
        (keyed("", "   ", "&nbsp;", "\u200b", None, 7, ["x"], {"y": 1}), []),
        ([{}, {"keyword": "sol"}, {"palabra": "luna"}, None, "luna", 3], ["sol"]),
        ([], []),
        (None, []),
        ("casa", []),
        ({"keyword": "casa"}, []),
    ],
)
def test_keywords_are_cleaned(entries: Any, expected: list[str]) -> None:
    assert clean_keywords(entries) == expected


def test_a_record_is_a_picture_with_a_caption_of_all_keywords(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, [{"_id": 3, "keywords": keyed("casa", "hogar")}])
    (record,) = catalogue.records
    assert (record.id, record.captions, record.image) == (
        "3",
        ("Una imagen de casa, hogar",),
        tmp_path / "images" / "3.png",
    )
    assert catalogue.skipped == []


def test_english_reads_its_own_file(tmp_path: Path) -> None:
    write_copy(write_copy(tmp_path, {1: ["perro"]}), {1: ["dog"]}, language="en")
    assert [record.captions for record in read("en", tmp_path).records] == [("A picture of dog",)]
    assert [record.captions for record in read("es", tmp_path).records] == [("Una imagen de perro",)]


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    entries = [{"_id": number, "keywords": keyed(f"palabra {number // 2}")} for number in range(12)]
    assert catalogue_of(tmp_path, entries) == catalogue_of(tmp_path, entries[::-1])
    assert [record.id for record in catalogue_of(tmp_path, entries).records] == [str(number) for number in range(12)]


def test_unusable_records_are_named_with_the_reason(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        [
            {"_id": 0, "keywords": keyed("sol")},
            {"_id": 0, "keywords": keyed("luna")},
            {"_id": 1, "keywords": keyed("", None)},
            {"_id": 2, "keywords": None},
            {"_id": 3},
            {"_id": 99, "keywords": keyed("sin imagen")},
            {"keywords": keyed("sin id")},
            "no record",
        ],
    )
    assert group_of(catalogue) == {"0": "0"}
    assert {(one.id, one.reason) for one in catalogue.skipped} == {
        ("0", "the id occurs twice"),
        ("1", "no keywords"),
        ("2", "no keywords"),
        ("3", "no keywords"),
        ("99", "no image file"),
        ("record 6", "no usable _id"),
        ("record 7", "no usable _id"),
    }


@pytest.mark.parametrize(
    "identifier", ["../../secret", "/etc/passwd", "3", 3.0, 1e99, -1, 10**9, 10**30, True, None, [3], {"id": 3}]
)
def test_an_id_that_is_no_small_integer_never_becomes_a_path(tmp_path: Path, identifier: Any) -> None:
    (tmp_path / "secret.png").write_bytes(picture(1))
    catalogue = catalogue_of(tmp_path / "copy", [{"_id": identifier, "keywords": keyed("sol")}])
    assert catalogue.records == []
    assert [one.reason for one in catalogue.skipped] == ["no usable _id"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["7.png", "7.webp", "7_500.png", "7_300.png"], "7.png"),
        (["7.webp", "7_500.png", "7_300.png"], "7.webp"),
        (["7_300.png", "7_500.png"], "7_500.png"),
        (["7_300.png"], "7_300.png"),
    ],
)
def test_which_file_is_a_records_picture(tmp_path: Path, names: list[str], expected: str) -> None:
    write_copy(tmp_path, {7: ["sol"]})
    (tmp_path / "images" / "7.png").unlink()
    for name in [*names, "17.png", "7.txt"]:
        (tmp_path / "images" / name).write_bytes(picture(7))
    assert [record.image.name for record in read("es", tmp_path).records] == [expected]


def test_records_that_share_a_keyword_are_one_group_whatever_its_case(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        [
            {"_id": 1, "keywords": keyed("sol")},
            {"_id": 2, "keywords": keyed("estrella", "Sol")},
            {"_id": 3, "keywords": keyed("ESTRELLA")},
            {"_id": 4, "keywords": keyed("luna")},
            {"_id": 5, "keywords": keyed("sol naciente")},
        ],
    )
    assert group_of(catalogue) == {"1": "1", "2": "1", "3": "1", "4": "4", "5": "5"}


def test_records_that_read_the_same_are_one_group(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, [{"_id": 1, "keywords": keyed("pan, vino")}, {"_id": 2, "keywords": keyed("pan", "vino")}]
    )
    assert catalogue.records[0].captions == catalogue.records[1].captions
    assert group_of(catalogue) == {"1": "1", "2": "1"}


def test_a_record_that_is_left_out_ties_nothing_together(tmp_path: Path) -> None:
    entries = [{"_id": 1, "keywords": keyed("sol")}, {"_id": 2, "keywords": keyed("luna")}]
    catalogue = catalogue_of(tmp_path, [*entries, {"_id": 99, "keywords": keyed("sol", "luna")}])
    assert group_of(catalogue) == {"1": "1", "2": "2"}


@pytest.mark.parametrize("content", ["", "{", '[{"_id": 1}', "\x00", "[" * 100_000])
def test_a_catalogue_that_is_no_json(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"^arasaac: cannot read .*es\.json: [^\n]+$"):
        catalogue_of(tmp_path, content)


@pytest.mark.parametrize(("content", "got"), [("[]", "an empty one"), ("{}", "dict"), ("null", "NoneType")])
def test_a_catalogue_that_is_no_list_of_records(tmp_path: Path, content: str, got: str) -> None:
    with pytest.raises(UserError, match=rf"^arasaac: expected a list of records in .*es\.json, got {got}$"):
        catalogue_of(tmp_path, content)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert len(catalogue_of(tmp_path, "\ufeff" + json.dumps([{"_id": 1, "keywords": keyed("sol")}])).records) == 1


def test_what_is_missing_is_named_with_the_layout_that_is_expected(tmp_path: Path) -> None:
    layout = r"\{language\}\.json, such as es\.json, and images/\{id\}\.png"
    with pytest.raises(
        UserError,
        match=rf"^arasaac: no data; download it with .* --lang es, .* give --data-dir DIR, where DIR holds {layout}",
    ):
        read("es", None)
    with pytest.raises(UserError, match=rf"^arasaac: expected a directory with {layout}.*nowhere is not a directory$"):
        read("es", tmp_path / "nowhere")
    with pytest.raises(UserError, match=rf"^arasaac: .*es\.json is missing; expected in the directory: {layout}"):
        read("es", tmp_path)
    (tmp_path / "es.json").write_text("[]")
    with pytest.raises(UserError, match=rf"^arasaac: .*images is missing; expected in the directory: {layout}"):
        read("es", tmp_path)
    (tmp_path / "es.json").write_text('[{"_id": 1}]')
    (tmp_path / "images").mkdir()
    with pytest.raises(UserError, match=rf"^arasaac: .*images is empty; expected in the directory: {layout}"):
        read("es", tmp_path)
