"""SVGs that the renderer must not get: it would open files, run for minutes, or take the process down."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gap.data.pixels import decode
from gap.data.svg import DEEPEST, LARGEST, check_svg

START = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 8 8">'
RED = '<rect width="8" height="8" fill="#f00"/>'


def chain(count: int, kind: str, link: str) -> str:
    """Elements of which each refers to the one before."""
    first = f'<{kind} id="a0">{RED}</{kind}>'
    return first + "".join(
        f'<{kind} id="a{n}">{link.format(n - 1)}</{kind}>' for n in range(1, count)
    )  # fmt: skip


def doubled(times: int) -> str:
    copies = "".join(
        f'<g id="a{n}"><use xlink:href="#a{n - 1}"/><use xlink:href="#a{n - 1}"/></g>' for n in range(1, times)
    )
    return f'<g id="a0">{RED}</g>{copies}'


REFUSED = {
    '<image href="/etc/passwd"/>': "<image> is not drawn",
    '<x:image xmlns:x="http://www.w3.org/2000/svg" href="/dev/zero"/>': "<image> is not drawn",
    '<image href="data:image/png;base64,AAAA"/>': "<image> is not drawn",
    '<filter id="f"><feTurbulence baseFrequency="0.5" numOctaves="2000000000"/></filter>': "<filter> is not drawn",
    '<feImage href="/dev/zero"/>': "<feImage> is not drawn",
    '<pattern id="p" width="1e6" height="1e6"/>': "<pattern> is not drawn",
    '<script>alert(1)</script>': "<script> is not drawn",
    '<g filter="blur(1e9)"/>': "filters are not drawn",
    '<g style="fill:red;filter: blur(1e9)"/>': "filters are not drawn",
    "<style>g{filter:blur(9)}</style>": "filters are not drawn",
    '<mask id="m"/><style>g{mask:url("#m")}</style>': "a style sheet that refers to #m is not drawn",
    "<g>" * 400 + "</g>" * 400: f"at most {DEEPEST} elements inside",
    "<g>" * 200_000 + "</g>" * 200_000: f"at most {DEEPEST} elements inside",
    chain(300, "g", '<use xlink:href="#a{}"/>'): f"at most {DEEPEST} elements inside or in reference",
    chain(300, "mask", '<g mask="url(#a{})"/>'): f"at most {DEEPEST} elements inside or in reference",
    '<g id="a"><use xlink:href="#a"/></g>': f"at most {DEEPEST} elements inside or in reference",
    doubled(25): "expected at most 50000 elements, copies included",
    "<g>": "not well-formed",
    " " * LARGEST: "expected at most 4194304 characters",
}  # fmt: skip


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_is_one_line(content: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[content]) as caught:
        decode(f"{START}{content}</svg>".encode(), ".svg", 8)
    assert "\n" not in str(caught.value)


def test_entities_are_refused() -> None:
    text = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + START + "<text>&b;</text></svg>"
    with pytest.raises(ValueError, match="declares entities"):
        check_svg(text)


def test_a_panic_of_the_renderer_is_an_error_like_others() -> None:
    with pytest.raises(ValueError, match="SVG: the renderer gave up: range start index"):
        decode(f'{START}<ellipse rx="9223372036854775808"/></svg>'.encode(), ".svg", 16)


def test_a_picture_on_the_disk_does_not_get_into_another(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "#00f").save(tmp_path / "other.png")
    with pytest.raises(ValueError, match="<image> is not drawn"):
        decode(f'{START}<image href="{tmp_path}/other.png" width="8" height="8"/></svg>'.encode(), ".svg", 8)


@pytest.mark.parametrize(
    "content",
    [
        RED,
        '<defs><linearGradient id="g"><stop stop-color="#f00"/></linearGradient><linearGradient id="h" '
        'xlink:href="#g"/></defs><style>rect{fill:url(#h)}</style><rect width="8" height="8"/>',
        f'<defs><clipPath id="c"><rect width="8" height="8"/></clipPath><g id="r">{RED}</g></defs>'
        '<g clip-path="url(#c)" style="filter:none;color-interpolation-filters:linearRGB"><use xlink:href="#r"/></g>',
        f'<metadata><x:image xmlns:x="urn:other"/></metadata>{RED}',
        "<g>" * (DEEPEST - 2) + RED + "</g>" * (DEEPEST - 2),
    ],
    ids=range(5),
)
def test_what_pictograms_are_made_of_is_drawn(content: str) -> None:
    pixels = decode(f"{START}{content}</svg>".encode(), ".svg", 8)
    np.testing.assert_array_equal(pixels, np.full((8, 8, 3), (255, 0, 0)))
