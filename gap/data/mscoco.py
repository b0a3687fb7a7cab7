"""MS COCO: the name is reserved; reading it is not part of this version."""

from pathlib import Path

from gap.data.records import Catalogue, Source
from gap.errors import UserError

LAYOUT = "annotations/ and the images of MS COCO 2014"


def read(language: str, directory: Path | None) -> Catalogue:
    """Raise UserError: whatever is in the directory, this version cannot read it."""
    raise UserError("mscoco: this version has no reader for MS COCO; datasets that it can read: arasaac, pictograms")


MSCOCO = Source(
    languages=("en",),
    licence="Captions: COCO Consortium, CC BY 4.0. Images: Flickr's terms of use, by image.",
    layout=LAYOUT,
    read=read,
)
