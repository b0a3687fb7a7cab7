"""The targets by name; a module is imported when its target is wanted."""

from importlib import import_module
from types import ModuleType

TARGETS = {
    "spaces": "the space loader, with --set",
    "catalogues": "ARASAAC's metadata, to a prepared dataset",
    "pictures": "the image reader: PNG, WEBP, JPEG, GIF, BMP, TIFF, SVG",
    "coco": "MS COCO's annotations, to a prepared dataset",
    "commands": "the command lines, on a damaged study",
}


def target(name: str) -> ModuleType:
    return import_module(f"fuzz.{name}")
