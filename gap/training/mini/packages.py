"""npm packages as files: packed (``.tgz``) or unpacked, read without running anything of theirs."""

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gap.errors import UserError


@dataclass(frozen=True)
class IconPackage:
    """An icon set in iconify's JSON format: its name and version, licence, digest and icons.

    ``icons`` is the content of ``icons.json``, ``hexcodes`` maps names to emoji where the set has a ``chars.json``.
    ``sha256`` is that of ``icons.json``.
    """

    name: str
    version: str
    licence: str
    sha256: str
    icons: dict[str, Any]
    hexcodes: dict[str, str]


def read_package(directory: Path, prefix: str) -> IconPackage:
    """Read ``@iconify-json/PREFIX`` from ``directory``, where it lies as ``npm pack`` leaves it or unpacked.

    Raises UserError when it is not there, or there is more than one version, or a file of it is damaged.
    """
    found = sorted(
        path
        for pattern in (f"iconify-json-{prefix}-[0-9]*.tgz", prefix, f"iconify-json-{prefix}")
        for path in directory.glob(pattern)
    )
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "nothing"
        raise UserError(
            f"{directory}: expected @iconify-json/{prefix} once, got {names}: npm pack @iconify-json/{prefix}"
        )
    data = _read(found[0], "icons.json", "info.json", "package.json", "chars.json")
    try:
        info = json.loads(data["info.json"])
        return IconPackage(
            name=f"@iconify-json/{prefix}",
            version=json.loads(data["package.json"])["version"],
            licence=info["license"]["spdx"],
            sha256=hashlib.sha256(data["icons.json"]).hexdigest(),
            icons=json.loads(data["icons.json"]),
            hexcodes={name: code.upper() for code, name in json.loads(data.get("chars.json", b"{}")).items()},
        )
    except (KeyError, ValueError) as error:
        raise UserError(f"{found[0]} is not a package of icons in iconify's format: {error!r}") from error


def _read(path: Path, *names: str) -> dict[str, bytes]:
    """Read those of the named files that the package has."""
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in names if (path / name).is_file()}
    files = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.removeprefix("package/")
                if name in names and (file := archive.extractfile(member)):
                    files[name] = file.read()
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UserError(f"{path} cannot be unpacked: {error}") from error
    return files
