"""The bundled pictograms as records."""

from pathlib import Path

from gap.data.pictograms import LICENCE, keywords, pictograms, svg_path
from gap.data.prompts import caption
from gap.data.records import Catalogue, Record, Source


def read(language: str, directory: Path | None = None, prompt: str | None = None) -> Catalogue:
    """Make one record a pictogram: its label and up to three tags as the caption, its concept as the group."""
    return Catalogue(
        [
            Record(
                id=row.hexcode,
                captions=(caption(keywords(row, language), language, prompt),),
                group=row.concept,
                image=svg_path(row.hexcode),
            )
            for row in pictograms()
        ],
        skipped=[],
    )


PICTOGRAMS = Source(languages=("es", "en"), licence=LICENCE, layout=None, read=read)
