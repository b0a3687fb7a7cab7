"""The part of an export's page about its study: measurements, data, licences."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from gap.data.prompts import BARE
from gap.errors import UserError
from gap.models.export_page import Story
from gap.models.page_texts import without_place
from gap.training.settings import EARLIER
from study.finished import Finished
from study.open_trial import BASELINE, study_dataset
from study.reporting.words import value
from study.retrieval.sides import prompt_of
from study.words import in_words

SHOWN = (
    "recall_at_1", "recall_at_5", "recall_at_10", "full_recall_at_1", "full_recall_at_5", "full_recall_at_10",
    "modality_gap", "misalignment", "uniformity",
)  # fmt: skip
_SETTINGS = ("method", "terms", "rank", "scaling", "epochs", "batch_size", "lr", "temperature", "seed")
_WORDS = {"es": ("abeja", "casa")}
_REHEARSAL = "This was a rehearsal: it shows that everything works, and says nothing about a large CLIP.\n\n"
_MEASURED = """\
## What was measured

{rehearsal}On {test} test images that were not trained on{epoch}. `recall_at_k` is the mean of text → image and
image → text, in disjoint pools of {pool_size} pairs; `full_recall_at_k` is against the whole test split, and the two do
not compare. Equal captions are all right answers; ties count against the model.

{table}
"""
_DATA = """\
## What it was trained on

{name}, language {language}: {train} images with their captions{prompt}.
Trained with {settings}.
Data {data_hash}, split {split_hash}.

## The data's licence

{licence}
{use}"""
_NON_COMMERCIAL = (
    "This licence forbids commercial use. Whether it reaches weights that were trained on the data is not settled: use "
    "them\nfor nothing commercial without leave of the data's owner.\n"
)
_OWN = "Use these weights as the data's own licence allows it; it is not known here.\n"


def tell_story(study: Finished, trial: str) -> Story:
    """Collect what the study's tables and ``study.json`` say of ``trial``; what they lack is said to be unknown."""
    spec, data = study.about["spec"], dict(study.about.get("data") or {})
    rows = study.trials[study.trials["trial_id"] == trial]
    row: dict[str, Any] = {} if trial == BASELINE or not len(rows) else dict(rows.iloc[0])
    name = study.directory.resolve().name
    prompt = _prompt(study)
    known = {**{key: spec.get(key, EARLIER.get(key)) for key in (*_SETTINGS, *study.searched)}, **_present(row)}
    settings = in_words({key: known[key] for key in known if key in (*_SETTINGS, *study.searched)})
    licence = str(data.get("licence") or "Not known.")
    when = "before" if trial == BASELINE else f"after trial {trial} of"
    return Story(
        title=f"{without_place(str(spec.get('model', 'A CLIP')))} {when} {name}",
        measured=_MEASURED.format(
            rehearsal=_REHEARSAL if study.about.get("profile") == "rehearsal" else "",
            test=data.get("test", "an unknown number of"),
            epoch="" if math.isnan(epoch := _number(row.get("epoch"))) else f", after epoch {epoch:.0f}",
            pool_size=spec.get("pool_size", 90),
            table=_table(study, row),
        ),
        data=_DATA.format(
            name=" ".join(str(data[key]) for key in ("name", "edition") if data.get(key)) or "unknown data",
            language=data.get("language", "unknown"),
            train=data.get("train", "an unknown number of"),
            prompt="" if prompt == BARE else f", made with the prompt “{prompt}”",
            settings=settings or "unknown settings",
            data_hash=data.get("data_hash", "of an unknown hash"),
            split_hash=data.get("split_hash", "of an unknown hash"),
            licence=licence,
            use=_NON_COMMERCIAL if "-NC" in licence else _OWN if licence == "The data's own." else "",
        ),
        prompt=prompt,
        words=_WORDS.get(str(data.get("language")), Story.words),
    )


def _prompt(study: Finished) -> str:
    try:
        return prompt_of(study_dataset(study.directory), study.about["spec"].get("prompt"))
    except UserError:  # without the data, what the captions look like is not known
        return str(study.about["spec"].get("prompt") or BARE)


def _table(study: Finished, row: Mapping[str, Any]) -> str:
    metrics = [name for name in dict.fromkeys((*study.objectives, *SHOWN)) if name in study.baseline or name in row]
    lines = ["| | before training | exported |", "|---|---|---|"]
    for name in metrics:
        before = study.baseline.get(name, math.nan)
        after = _number(row.get(name)) if row else before
        lines.append(f"| `{name}` | {value(name, before)} | {value(name, after)} |")
    return "\n".join(lines)


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in row.items() if not pd.isna(one)}


def _number(one: Any) -> float:
    """Return a number of a table; NaN where there is none."""
    return float(pd.to_numeric(one, errors="coerce")) if one is not None else math.nan
