"""Texts of files that anybody may have written, as UTF-8, or an error that says how to make it UTF-8."""

from pathlib import Path

_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of byte order, in UTF-16
_REMEDY = "save it as UTF-8"


def is_utf16(start: bytes) -> bool:
    """Tell whether a file that starts so is UTF-16: by its byte order mark, or a zero byte, which no text has.

    >>> is_utf16("a,b".encode("utf-16")), is_utf16("a,b".encode("utf-16-le")), is_utf16(b"a,b")
    (True, True, False)
    """
    return start.startswith(_MARKS) or b"\0" in start[:4]


def decode_utf8(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises ValueError with the byte, where it stands, what it would be in Latin-1, and the remedy.

    >>> decode_utf8(b"ni\\xf1o")
    Traceback (most recent call last):
    ValueError: column 3: expected UTF-8, got byte 0xf1, which is 'ñ' in Latin-1; save it as UTF-8
    """
    if is_utf16(data):
        raise ValueError(f"expected UTF-8, got UTF-16; {_REMEDY}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # ``start`` counts from behind a byte order mark.
        bad = error.object[error.start]
        column = len(error.object[: error.start].decode("utf-8")) + 1
        sign = bytes([bad]).decode("cp1252", "replace")
        meaning = f", which is '{sign}' in Latin-1" if sign.isprintable() and sign != "\ufffd" else ""
        raise ValueError(f"column {column}: expected UTF-8, got byte {bad:#04x}{meaning}; {_REMEDY}") from error


def first_fault(path: Path) -> str | None:
    """Say where a file is no UTF-8: its line and column, the byte, and the remedy; None where all of it is."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                decode_utf8(line)
            except ValueError as error:
                return f"line {number}{', ' if str(error).startswith('column') else ': '}{error}"
    return None
