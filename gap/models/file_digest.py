"""The sha256 of a file of weights, taken once as long as the file stays as it is."""

import hashlib
from functools import lru_cache
from pathlib import Path

from gap.errors import UnavailableError, UserError


def sha256_of(path: Path) -> str:
    """Hash a file; hexadecimal digits. Raises ``UserError`` if it cannot be read."""
    try:
        found = path.stat()
        return _sha256(path.resolve(), found.st_mtime_ns, found.st_ctime_ns, found.st_size)
    except OSError as error:
        raise UserError(f"checkpoint {path}: cannot be read: {error.strerror or error}") from error


def check_sha256(path: Path, expected: str | None) -> None:
    """Raise ``UnavailableError`` unless a file has the digest that it must have, if any is given."""
    if expected is not None and (found := sha256_of(path)) != expected:
        raise UnavailableError(
            f"checkpoint {path} is another file than the one expected: sha256 {found[:12]}…, not {expected[:12]}…"
        )


@lru_cache(maxsize=16)
def _sha256(path: Path, *_stamp: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**22):
            digest.update(block)
    return digest.hexdigest()
