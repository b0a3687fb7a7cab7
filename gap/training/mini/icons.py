"""From icon sets to training icons: a drawing, its English keywords, and the concept that it belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gap.data.groups import connected_groups
from gap.data.pictograms import Pictogram, pictograms, svg_path
from gap.training.mini.held_out import allowed, is_held_out_emoji, is_held_out_name, mentions_held_out, words
from gap.training.mini.packages import IconPackage
from gap.training.mini.sets import IconSet


@dataclass(frozen=True)
class Icon:
    """A drawing that may be trained on. ``keywords`` begin with the label; ``hexcode`` is empty unless it is an emoji.

    ``body`` is SVG without its root element, ``box`` the root's viewBox: left, top, width, height.
    """

    source: str
    name: str
    hexcode: str
    keywords: tuple[str, ...]
    body: str
    box: tuple[float, float, float, float]


def openmoji() -> Iterator[Icon]:
    """Give the bundled pictograms of the training part."""
    for row in _training_pictograms():
        root, _, rest = svg_path(row.hexcode).read_text(encoding="utf-8").partition(">")
        left, top, width, height = map(float, root.split('viewBox="')[1].split('"')[0].split())
        body = rest.rsplit("</svg>", 1)[0]
        yield Icon("openmoji", row.hexcode, row.hexcode, _emoji_keywords(row), body, (left, top, width, height))


def icons_of(package: IconPackage, chosen: IconSet) -> Iterator[Icon]:
    """Give the icons of a set, without the hidden ones, those left out, and every held-out concept."""
    named = _by_emoji(package) if chosen.emoji else _by_name(package, chosen)
    drawings = package.icons["icons"]
    for name, hexcode, keywords in named:
        drawing = drawings[name]
        yield Icon(
            source=package.name, name=name, hexcode=hexcode, keywords=keywords, body=drawing["body"],
            box=_box(package.icons, drawing),
        )  # fmt: skip


def concepts(icons: list[Icon]) -> list[int]:
    """Number the icons' concepts: one label, or one emoji whoever is depicted, is one concept."""
    of_hexcode = {row.hexcode: row.concept for row in pictograms()}
    return connected_groups(
        [
            [words(icon.keywords[0]), *([of_hexcode[icon.hexcode]] if icon.hexcode else [])]
            for icon in icons
        ]
    )  # fmt: skip


def _box(defaults: dict[str, Any], drawing: dict[str, Any]) -> tuple[float, float, float, float]:
    """Give a drawing's viewBox: its own values, or the set's, or iconify's."""
    values = {"left": 0, "top": 0, "width": 16, "height": 16} | defaults | drawing
    return float(values["left"]), float(values["top"]), float(values["width"]), float(values["height"])


def _training_pictograms() -> Iterator[Pictogram]:
    for row in pictograms():
        if not is_held_out_emoji(row.hexcode) and not is_held_out_name(row.labels["en"]):
            yield row


def _emoji_keywords(row: Pictogram) -> tuple[str, ...]:
    return (row.labels["en"], *allowed(row.tags["en"]))


def _squeezed(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _plain(hexcode: str) -> str:
    return hexcode.upper().replace("-FE0F", "")


def _by_emoji(package: IconPackage) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Find emoji by hexcode, or by label where a set does not give them; skin tones are thereby left out."""
    rows = list(_training_pictograms())
    by_hexcode = {_plain(row.hexcode): row for row in rows}
    by_label = {_squeezed(row.labels["en"]): row for row in rows}
    for name, drawing in package.icons["icons"].items():
        hexcode = package.hexcodes.get(name)
        row = by_hexcode.get(_plain(hexcode)) if hexcode else by_label.get(_squeezed(name))
        if row is not None and not drawing.get("hidden"):
            yield name, row.hexcode, _emoji_keywords(row)


def _by_name(package: IconPackage, chosen: IconSet) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    aliases: dict[str, list[str]] = {}
    for alias, target in package.icons.get("aliases", {}).items():
        if set(target) == {"parent"}:
            aliases.setdefault(target["parent"], []).append(alias)
    for name, drawing in package.icons["icons"].items():
        if drawing.get("hidden") or chosen.left_out.search(name):
            continue
        names = [chosen.style.sub("", one).replace("-", " ") for one in (name, *aliases.get(name, ()))]
        if words(names[0]) and not any(map(mentions_held_out, names)):
            yield name, "", tuple(dict.fromkeys(names))
