"""open_clip's table of published weights, asked for what a file of weights does not say."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.pretrained import get_pretrained_cfg, list_pretrained, list_pretrained_tags_by_model

QUICK = "-quickgelu"
Says = dict[str, Any]


def published(name: str) -> dict[str, Says]:
    """Return what open_clip says of each tag of an architecture, under its plain name and the ``-quickgelu`` one.

    That is ``quick_gelu``, ``mean``, ``std``, ``interpolation`` and ``resize_mode``.

    >>> says = published("ViT-L-14-quickgelu")
    >>> says["openai"]["quick_gelu"], says["laion2b_s32b_b82k"]["quick_gelu"], says["laion2b_s32b_b82k"]["mean"]
    (True, False, (0.5, 0.5, 0.5))
    """
    return {tag: says_of(name, entry) for tag, entry in _entries(name).items()}


def says_of(name: str, entry: Mapping[str, Any]) -> Says:
    """Return what an entry of open_clip's table says of the weights; what it leaves out is open_clip's default.

    An architecture that has QuickGELU without saying so in its name has it with every tag, as in open_clip.
    """
    plain = open_clip.get_model_config(name.removesuffix(QUICK)) or {}
    return {
        "quick_gelu": bool(entry.get("quick_gelu", False) or plain.get("quick_gelu", False)),
        "mean": tuple(entry.get("mean") or OPENAI_DATASET_MEAN),
        "std": tuple(entry.get("std") or OPENAI_DATASET_STD),
        "interpolation": entry.get("interpolation", "bicubic"),
        "resize_mode": entry.get("resize_mode", "shortest"),
    }


def tag_of_file(name: str, path: Path, sha256: str) -> tuple[str, str] | None:
    """Find the tag of an architecture whose published file this is, and how it is known: by its sha256 or its name.

    OpenAI's addresses carry the whole digest, those of open_clip's releases its first eight digits; a file whose
    digest is another one is not theirs, whatever its name. Of files without a known digest the name tells: that of a
    download, a folder of the Hugging Face hub's cache, or ``TAG`` and ``NAME-TAG`` themselves.

    >>> digest = "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"
    >>> tag_of_file("ViT-L-14", Path("weights.pt"), digest)
    ('openai', 'its sha256')
    >>> tag_of_file("ViT-L-14", Path("ViT-L-14-laion2b_s32b_b82k.safetensors"), "0" * 64)
    ('laion2b_s32b_b82k', 'its name')
    """
    entries = _entries(name)
    for tag, entry in entries.items():
        if (digits := _digits(entry)) and sha256.startswith(digits):
            return tag, "its sha256"
    plain = name.removesuffix(QUICK)
    for tag, entry in entries.items():
        repository = str(entry.get("hf_hub", "")).rpartition("/")[0]
        downloaded = Path(str(entry.get("url", ""))).name
        named = {_clean(tag), *(_clean(f"{start}-{tag}") for start in (plain, plain + QUICK))}
        if (
            (repository and f"models--{repository.replace('/', '--')}" in path.parts)
            or (downloaded and not _digits(entry) and path.name == downloaded)
            or _clean(path.stem) in named
        ):
            return tag, "its name"
    return None


def tag_with_sha256(sha256: str) -> tuple[str, str] | None:
    """Find the architecture and the tag whose published file has this sha256, among all that open_clip knows.

    >>> tag_with_sha256("afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762")
    ('RN50', 'openai')
    """
    for name, tag in list_pretrained():
        if (digits := _digits(get_pretrained_cfg(name, tag))) and sha256.startswith(digits):
            return str(name), str(tag)
    return None


def _entries(name: str) -> dict[str, dict[str, Any]]:
    plain = name.removesuffix(QUICK)
    return {
        tag: get_pretrained_cfg(one, tag)
        for one in (plain + QUICK, plain)
        for tag in list_pretrained_tags_by_model(one)
    }


def _digits(entry: Mapping[str, Any]) -> str:
    """Return the digits of a published file's sha256 that its address carries, as open_clip checks them."""
    url = str(entry.get("url", ""))
    found = re.search(r"/([0-9a-f]{64})/|mlfoundations.*-([0-9a-f]{8})\.\w+$", url)
    return (found[1] or found[2]) if found else ""


def _clean(name: str) -> str:
    return name.lower().replace("-", "_")
