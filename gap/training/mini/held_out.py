"""What no training icon may show: the concepts of the bundled pictograms' test part."""

import re
from collections.abc import Iterable
from functools import cache

from gap.data.pictograms import held_out_concepts, held_out_hexcodes, pictograms
from gap.data.pictograms.build import hexcode_key


def words(text: str) -> frozenset[str]:
    """Split a label into its words, letter case, order and plurals aside.

    >>> words("Guide-Dogs") == words("guide dog")
    True
    """
    return frozenset(_singular(word) for word in re.findall(r"[^\W_]+", text.casefold()))


def is_held_out_emoji(hexcode: str) -> bool:
    """Tell whether an emoji depicts a held-out concept, whoever is depicted and whatever set drew it."""
    return hexcode_key(hexcode) in _hexcode_keys()


def is_held_out_name(name: str) -> bool:
    """Tell whether a name is a held-out concept's label, or a tag of held-out concepts only ("cab" where taxis are)."""
    return words(name) in _labels() | _tags()


def mentions_held_out(name: str) -> bool:
    """Tell whether a name has all the words of a held-out label: "yellow taxi" mentions "taxi"."""
    said = words(name)
    return is_held_out_name(name) or any(label <= said for label in _labels())


def allowed(keywords: Iterable[str]) -> tuple[str, ...]:
    """Leave out the keywords that name a held-out concept."""
    return tuple(keyword for keyword in keywords if not is_held_out_name(keyword))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@cache
def _hexcode_keys() -> frozenset[str]:
    return frozenset(hexcode_key(hexcode) for hexcode in held_out_hexcodes())


@cache
def _labels() -> frozenset[frozenset[str]]:
    concepts = held_out_concepts()
    return frozenset(words(row.labels["en"]) for row in pictograms() if row.concept in concepts)


@cache
def _tags() -> frozenset[frozenset[str]]:
    """Give the tags that held-out concepts have and no training concept has, be it as a tag or as its label."""
    concepts = held_out_concepts()
    held_out = {words(tag) for row in pictograms() if row.concept in concepts for tag in row.tags["en"]}
    training = {
        words(name)
        for row in pictograms()
        if row.concept not in concepts
        for name in (row.labels["en"], *row.tags["en"])
    }
    return frozenset(held_out - training)
