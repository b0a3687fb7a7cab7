"""Which SVGs may be drawn: those whose drawing stays on the canvas, ends soon, and needs nothing but the file.

The renderer is a native library in this process. It opens the files that an ``<image>`` names, runs for minutes on some
filters, and takes the whole process down on patterns of a huge tile or on several hundred nested or chained elements.
So an SVG is looked through first: plain shapes, gradients, clips, masks, copies and texts pass, the rest is refused.
"""

import io
import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET  # expat: entities are refused below, and by the renderer's own limits

LARGEST = 4 * 2**20  # characters
DEEPEST = 64  # elements inside each other, or referring to each other; the renderer stands over 200
MOST = 50_000  # elements, each copy counted
_NAMESPACE = "http://www.w3.org/2000/svg"
_PAINTS = frozenset({"linearGradient", "radialGradient"})  # what they refer to is not drawn inside them
_DRAWN = _PAINTS | {
    "a", "circle", "clipPath", "defs", "desc", "ellipse", "g", "line", "mask", "metadata", "path", "polygon",
    "polyline", "rect", "stop", "style", "svg", "switch", "symbol", "text", "title", "tspan", "use",
}  # fmt: skip
_REFERENCE = re.compile(r"url\(\s*['\"]?\s*#([^)'\"\s]*)")
_FILTER = re.compile(r"(?<![\w-])filter\s*:\s*(?!none\b)")


def check_svg(text: str) -> None:
    """Raise ValueError, in one line, unless an SVG is one that may be drawn.

    >>> check_svg('<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>')
    >>> check_svg('<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>')
    Traceback (most recent call last):
    ValueError: SVG: <image> is not drawn: ...
    """
    if len(text) > LARGEST:
        raise ValueError(f"SVG: expected at most {LARGEST} characters, got {len(text)}")
    if "<!DOCTYPE" in text and "<!ENTITY" in text:
        raise ValueError("SVG: a document that declares entities is not drawn")
    root = _parse(text)
    for element in root.iter():
        _check_element(element)
    _Drawing(root).check()


def _parse(text: str) -> ET.Element:
    """Read the elements; none of them is deeper than may be."""
    depth, last = 0, ET.Element("")
    try:
        for event, element in ET.iterparse(io.StringIO(text), ("start", "end")):
            depth, last = depth + (1 if event == "start" else -1), element
            if depth > DEEPEST:
                raise ValueError(f"SVG: expected at most {DEEPEST} elements inside each other")
    except ET.ParseError as error:
        raise ValueError(f"SVG: not well-formed: {error}") from error
    return last  # to end: the root


def _check_element(element: ET.Element) -> None:
    space, _, name = element.tag.rpartition("}")
    if space.removeprefix("{") in ("", _NAMESPACE) and name not in _DRAWN:
        raise ValueError(f"SVG: <{name}> is not drawn: expected shapes, gradients, clips, masks and texts alone")
    styles = [element.get("style", ""), element.text or "" if name == "style" else ""]
    if element.get("filter", "none").strip() != "none" or any(_FILTER.search(style) for style in styles):
        raise ValueError("SVG: filters are not drawn")


class _Drawing:
    """How deep the drawing goes and how many elements it has, through what elements hold and what they refer to."""

    def __init__(self, root: ET.Element) -> None:
        self._root = root
        self._by_id = {element.get("id", ""): element for element in root.iter()}
        self._known: dict[ET.Element, tuple[int, int]] = {}
        self._open: set[ET.Element] = set()

    def check(self) -> None:
        """Raise ValueError unless it ends, and soon enough."""
        for element in self._root.iter():
            if element.tag.rpartition("}")[2] == "style" and (drawn := self._drawn(element.text or "")):
                raise ValueError(f"SVG: a style sheet that refers to #{drawn[0].get('id')} is not drawn")
        if (count := self._extent(self._root, 0)[1]) > MOST:
            raise ValueError(f"SVG: expected at most {MOST} elements, copies included, got {count}")

    def _extent(self, element: ET.Element, above: int) -> tuple[int, int]:
        """Give the depth and the number of elements of what is drawn for one."""
        if element not in self._known and element not in self._open and above < DEEPEST:
            self._open.add(element)
            inner = [self._extent(one, above + 1) for one in (*element, *self._targets(element.attrib))]
            self._open.remove(element)
            self._known[element] = 1 + max((d for d, _ in inner), default=0), 1 + sum(count for _, count in inner)
        if element not in self._known or above + self._known[element][0] > DEEPEST:
            raise ValueError(f"SVG: expected at most {DEEPEST} elements inside or in reference to each other")
        return self._known[element]

    def _targets(self, attributes: Mapping[str, str]) -> list[ET.Element]:
        found = self._drawn(" ".join(attributes.values()))
        for name, value in attributes.items():
            if name.rpartition("}")[2] == "href" and value.strip().startswith("#"):
                found += self._of(value.strip()[1:])
        return found

    def _drawn(self, text: str) -> list[ET.Element]:
        return [element for name in _REFERENCE.findall(text) for element in self._of(name)]

    def _of(self, name: str) -> list[ET.Element]:
        """Give the element of this id, unless it is a mere paint."""
        element = self._by_id.get(name)
        return [] if element is None or element.tag.rpartition("}")[2] in _PAINTS else [element]
