import io
import random

import numpy as np
import open_clip
import pytest
from local_copy import palette_picture, png
from PIL import Image

from gap.data.pixels import decode, fit, on_white

NOISE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)


def constant(data: bytes, size: int = 4) -> tuple[int, ...]:
    """The one colour of a picture."""
    pixels = decode(data, ".png", size)
    assert (pixels == pixels[0, 0]).all()
    return tuple(pixels[0, 0].tolist())


@pytest.mark.parametrize("size", [(53, 37), (37, 53), (37, 37), (200, 40), (11, 90), (16, 16), (301, 300)])
@pytest.mark.parametrize("model_size", [16, 17, 64])
def test_pixel_for_pixel_what_open_clip_makes(size: tuple[int, int], model_size: int) -> None:
    image = Image.fromarray(NOISE).resize(size)
    transform = open_clip.image_transform(model_size, is_train=False, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    theirs = (transform(image) * 255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(decode(png(image), ".png", model_size), theirs)


def test_a_palette_with_a_transparent_entry_lies_on_white() -> None:
    pixels = decode(palette_picture(), ".png", 8)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[4, 4].tolist() == [200, 30, 40]


def test_a_palette_of_half_transparent_entries_is_mixed_with_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 100, 0])
    assert constant(png(image, transparency=b"\x00\x80")) == (227, 177, 127)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (png(Image.new("RGB", (9, 9), (1, 2, 3))), (1, 2, 3)),
        (png(Image.new("RGB", (9, 9), (1, 2, 3)), transparency=(1, 2, 3)), (255, 255, 255)),
        (png(Image.new("RGBA", (9, 9), (9, 9, 9, 0))), (255, 255, 255)),
        (png(Image.new("RGBA", (9, 9), (9, 9, 9, 255))), (9, 9, 9)),
        (png(Image.new("RGBA", (9, 9), (0, 0, 255, 51))), (204, 204, 255)),
        (png(Image.new("L", (9, 9), 77)), (77, 77, 77)),
        (png(Image.new("L", (9, 9), 77), transparency=77), (255, 255, 255)),
        (png(Image.new("LA", (9, 9), (0, 0))), (255, 255, 255)),
        (png(Image.new("1", (9, 9), 0)), (0, 0, 0)),
        (png(Image.new("1", (9, 9), 1)), (255, 255, 255)),
    ],
)
def test_every_kind_of_png(data: bytes, colour: tuple[int, int, int]) -> None:
    assert constant(data) == colour


@pytest.mark.parametrize(("grey", "expected"), [(0, 0), (255, 0), (256, 1), (40_000, 156), (65_535, 255)])
def test_16_bit_greys_are_not_clipped_to_white(grey: int, expected: int) -> None:
    image = Image.fromarray(np.full((9, 9), grey, dtype=np.uint16))
    assert constant(png(image)) == (expected,) * 3
    assert constant(png(image, transparency=grey)) == (255, 255, 255)
    assert constant(png(image, transparency=grey ^ 1)) == (expected,) * 3


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_pixels_are_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        on_white(Image.new(mode, (4, 4)))


def test_the_centre_of_a_wide_and_of_a_tall_picture_is_kept() -> None:
    wide = Image.new("RGB", (30, 10), "red")
    wide.paste((0, 0, 255), (10, 0, 20, 10))
    assert (np.asarray(fit(wide, 10)) == [0, 0, 255]).all()
    assert (np.asarray(fit(wide.transpose(Image.Transpose.ROTATE_90), 10)) == [0, 0, 255]).all()


def test_enlarging_and_a_single_pixel() -> None:
    assert constant(png(Image.new("RGB", (1, 1), (5, 6, 7))), 32) == (5, 6, 7)


@pytest.mark.parametrize("size", [(1, 101), (101, 1), (3, 60_000)])
def test_a_thread_of_a_picture_is_refused_before_it_fills_the_memory(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{size[0]} x {size[1]} pixels: one side is over 100 times the other"):
        decode(png(Image.new("L", size)), ".png", 224)


def test_one_side_100_times_the_other_is_fine() -> None:
    assert decode(png(Image.new("L", (1, 100))), ".png", 4).shape == (4, 4, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF", "BMP", "TIFF"])
def test_the_suffix_does_not_decide_the_kind(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9), (255, 255, 255)).save(buffer, kind)
    assert decode(buffer.getvalue(), ".png", 4).min() > 250


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><html>not found</html>", b"\x00" * 99, b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_image_is_named_the_same_way_every_time(data: bytes) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^not an image of a known kind \(PNG, WEBP, JPEG, GIF, BMP, TIFF\)$"):
            decode(data, ".png", 8)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".svg"])
def test_an_empty_file(suffix: str) -> None:
    with pytest.raises(ValueError, match="the file is empty"):
        decode(b"", suffix, 8)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_truncated_file_is_refused_wherever_it_ends(kind: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, kind)
    data = buffer.getvalue()
    assert decode(data, f".{kind.lower()}", 8).shape == (8, 8, 3)
    for end in [*range(1, 60), *range(60, len(data) - 12, 97), len(data) - 12]:
        with pytest.raises(Exception, match=r"\w"):
            decode(data[:end], f".{kind.lower()}", 8)


def test_no_flipped_bit_of_a_png_goes_unnoticed() -> None:
    # Without the checksums, one in ten of these decodes, mostly to other pixels.
    data = png(Image.fromarray(np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)))
    draw = random.Random(0)
    for _ in range(150):
        broken = bytearray(data)
        broken[draw.randrange(8, len(data) - 12)] ^= 1 << draw.randrange(8)
        with pytest.raises(Exception, match=r"\w"):
            decode(bytes(broken), ".png", 8)


def test_svg_on_white_at_the_models_size() -> None:
    square = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72"><path fill="#f00" d="M18 18h36v36H18z"/></svg>'
    )
    pixels = decode(square, ".svg", 40)
    assert pixels.shape == (40, 40, 3)
    assert pixels.dtype == np.uint8
    assert pixels[20, 20].tolist() == [255, 0, 0]
    assert pixels[2, 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize("data", [b"<svg", b"<html></html>", b"\x89PNG", b"<svg>\xff</svg>"])
def test_broken_svg(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode(data, ".svg", 8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP"])
def test_a_small_file_of_very_many_pixels_is_refused(kind: str) -> None:
    file = io.BytesIO()
    Image.new("1", (8200, 8200)).save(file, kind, **({"compression": "group4"} if kind == "TIFF" else {}))
    with pytest.raises(ValueError, match="8200 x 8200 pixels: expected at most 67108864 in all"):
        decode(file.getvalue(), ".png", 8)


def test_pixels_up_to_the_limit_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gap.data.pixels._MAX_PIXELS", 20)
    assert constant(png(Image.new("RGB", (4, 5), "white"))) == (255, 255, 255)
    with pytest.raises(ValueError, match="3 x 7 pixels: expected at most 20 in all"):
        decode(png(Image.new("RGB", (3, 7), "white")), ".png", 8)
