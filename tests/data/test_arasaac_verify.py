import io
import struct
import zlib

import pytest
from local_copy import palette_picture
from PIL import Image
from pretend_arasaac import picture

from gap.data.arasaac.verify import check_png


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("data", [picture(3, 300), picture(3, 600), palette_picture(), png_of(2, 2, bytes(6))])
def test_whole_pictures_pass(data: bytes) -> None:
    check_png(data, 300)


def test_a_decompression_bomb_is_refused_unread() -> None:
    bomb = png_of(60_000, 60_000, bytes(1_000_000))
    assert len(bomb) < 2_000
    with pytest.raises(ValueError, match=r"^60000 x 60000 pixels, expected at most 600 a side$"):
        check_png(bomb, 300)


def test_a_bomb_in_a_text_chunk_is_refused() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    start = picture(3, 300)
    with pytest.raises(ValueError, match=r"^a damaged PNG: [^\n]+$"):
        check_png(start[:33] + text + start[33:], 300)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (601, 10), (10, 601), (2**31 - 1, 1)])
def test_sides_that_cannot_be(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"pixels, expected at most 600 a side$"):
        check_png(png_of(*size, b""), 300)


@pytest.mark.parametrize("data", [b"", b"<!doctype html><html></html>", b"GIF89a", jpeg()])
def test_what_is_no_png(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not a PNG$"):
        check_png(data, 300)


@pytest.mark.parametrize("end", [8, 20, 33, 45, 60, 200])
def test_a_png_that_is_cut_short(end: int) -> None:
    whole = picture(3, 300)
    with pytest.raises(ValueError, match=r"^a (damaged PNG|PNG without a header)"):
        check_png(whole[:end], 300)


def test_a_png_with_a_wrong_byte() -> None:
    data = bytearray(picture(3, 300))
    data[60] ^= 0xFF
    with pytest.raises(ValueError, match=r"^a damaged PNG: [^\n]+$"):
        check_png(bytes(data), 300)
