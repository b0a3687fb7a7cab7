from collections import Counter

import pytest

from gap.data.pictograms import (
    LICENCE,
    TABLE,
    Pictogram,
    held_out_concepts,
    held_out_hexcodes,
    keywords,
    pictograms,
    svg_path,
)
from gap.data.pictograms.build import concepts, hexcode_key, label_key, main
from gap.errors import UserError


def test_every_row_has_artwork_and_a_label_in_both_languages() -> None:
    rows = pictograms()
    assert len(rows) > 1900
    assert len({row.hexcode for row in rows}) == len(rows)
    assert [row.hexcode for row in rows if not svg_path(row.hexcode).is_file()] == []
    assert [row.hexcode for row in rows if not all(row.labels.values())] == []


def test_no_skin_tone_variants() -> None:
    tones = {"1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF"}
    assert [row.hexcode for row in pictograms() if tones & set(row.hexcode.split("-"))] == []


def test_concepts_are_small_and_follow_from_the_table() -> None:
    rows = pictograms()
    table = [
        {"hexcode": r.hexcode, "group": r.group, "label_en": r.labels["en"], "label_es": r.labels["es"]} for r in rows
    ]
    assert concepts(table) == [row.concept for row in rows]
    assert max(Counter(row.concept for row in rows).values()) < 60


def test_cooks_are_one_concept_and_the_pan_another() -> None:
    of_label = {row.labels["en"]: row.concept for row in pictograms()}
    assert of_label["cook"] == of_label["man cook"] == of_label["woman cook"] != of_label["cooking"]
    assert of_label["kiss"] == of_label["kiss: woman, man"] != of_label["red heart"]
    assert of_label["pregnant woman"] == of_label["pregnant person"]
    assert of_label["flag: Spain"] != of_label["flag: France"]


def test_held_out_concepts_are_whole_and_fill_four_pools_of_90() -> None:
    hexcodes, held_out = held_out_hexcodes(), held_out_concepts()
    assert hexcodes == {row.hexcode for row in pictograms() if row.concept in held_out}
    assert 360 <= len(hexcodes) <= 400


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_caption_crosses_the_split(language: str) -> None:
    held_out = held_out_hexcodes()
    sides = [
        {", ".join(keywords(row, language)) for row in pictograms() if (row.hexcode in held_out) is side}
        for side in (True, False)
    ]
    assert not sides[0] & sides[1]


def test_keywords_say_nothing_twice_and_stop_at_three_tags() -> None:
    row = Pictogram("0", "g", "s", {"en": "Stop sign"}, {"en": ("stop", "sign", "?", "a", "b", "c", "d")}, "0")
    assert keywords(row, "en") == ["Stop sign", "a", "b", "c"]


def test_hexcode_keys_see_through_people_and_modifiers() -> None:
    assert hexcode_key("1F6B6-200D-2642-FE0F-200D-27A1-FE0F") == hexcode_key("1F6B6")
    assert hexcode_key("1F468-200D-1F469-200D-1F466") == hexcode_key("1F9D2") == "person"
    assert hexcode_key("1F468-200D-2764-FE0F-200D-1F468") != hexcode_key("2764-FE0F")


def test_label_keys_strip_people_only_among_people() -> None:
    assert label_key("man", "people-body") == "person"
    assert label_key("flag: Isle of Man", "flags") == "flag: isle of man"


def test_the_builder_names_a_file_that_it_cannot_read(tmp_path) -> None:
    before = TABLE.read_bytes()
    with pytest.raises(UserError, match=r"expected an unpacked emojibase-data package, cannot read .*groups\.json"):
        main(tmp_path)
    assert TABLE.read_bytes() == before


def test_the_licence_names_both_sources() -> None:
    assert "OpenMoji, CC BY-SA 4.0" in LICENCE
    assert "emojibase-data, MIT" in LICENCE
    assert "Copyright (c) 2017-2019 Miles Johnson" in TABLE.with_name("LICENCES.md").read_text(encoding="utf-8")
