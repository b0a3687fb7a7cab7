"""A contact sheet: the answers as pictures, in one HTML file that needs nothing else."""

from pathlib import Path

import jinja2
import numpy as np

from gap.data import PairDataset
from gap.data.whole_files import replace_file
from gap.errors import UserError
from study.retrieval.answer import Answer
from study.retrieval.hits import moved
from study.retrieval.pictures import picture
from study.retrieval.query import ImageQuery

TEMPLATE = Path(__file__).with_name("sheet.html")


def contact_sheet(answer: Answer, dataset: PairDataset) -> str:
    """Lay out the answers of one trial, or of two side by side, as a page; every text of the data is escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    first = answer.found[0].hits
    notes = [[""] * len(first), *(moved(first, found.hits) for found in answer.found[1:])]
    lists = [
        {
            "trial": chosen.trial,
            "what": chosen.what,
            "cards": [
                {"hit": hit, "moved": note, "picture": picture(np.asarray(dataset.images[hit.row]))}
                for hit, note in zip(found.hits, of_trial, strict=True)
            ],
        }
        for chosen, found, of_trial in zip(answer.chosen, answer.found, notes, strict=True)
    ]
    asked = answer.query.pixels if isinstance(answer.query, ImageQuery) else None
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        language=dataset.language,
        label=answer.query.label,
        picture=None if asked is None else picture(asked),
        study=answer.study.name or answer.study.resolve().name,
        lines=answer.lines(),
        lists=lists,
        licence=answer.licence,
    )


def write_sheet(path: Path, page: str) -> None:
    """Write the page, whole or not at all. Raises ``UserError`` if that cannot be done."""
    try:
        replace_file(path, lambda temporary: temporary.write_text(page, encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--html {path}: cannot be written: {(error.strerror or str(error)).lower()}") from error
