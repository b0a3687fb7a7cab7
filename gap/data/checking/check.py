"""Check a dataset: prepare it, look at its files, its pixels and its words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gap.data.captions import caption_key
from gap.data.checking.findings import Findings
from gap.data.checking.language import language_mix
from gap.data.checking.near import near_identical
from gap.data.checking.originals import look_at
from gap.data.checking.parts import parts_of
from gap.data.checking.reading import read_captions
from gap.data.checking.repeats import repeats
from gap.data.checking.sharing import chained, same, sharing
from gap.data.columns import texts_of
from gap.data.dataset import PairDataset, open_dataset
from gap.data.prepare import prepare, read_catalogue
from gap.data.progress import progress_bar
from gap.data.prompts import BARE
from gap.data.records import Catalogue, Record
from gap.models.tokenizer import load_tokenizer


def check(
    name: str,
    *,
    language: str,
    image_size: int,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    prompt: str | None = None,
    model: str,
) -> Findings:
    """Find out what is to know of a dataset, whose captions the tokenizer of ``model`` reads.

    Raises UserError as :func:`gap.data.prepare` does, and where there is no such model or tokenizer.
    """
    tokenize = load_tokenizer(model, language)
    where: dict[str, Any] = {"data_dir": data_dir, "cache_dir": cache_dir}
    prepared = prepare(name, language=language, image_size=image_size, prompt=prompt, **where)
    dataset = open_dataset(prepared)
    # Without the prompt, which would decide what language keywords look like.
    catalogue = read_catalogue(name, language, prompt=BARE, **where)
    records = _in_order(catalogue, dataset)
    with progress_bar(f"{name}: looking at the image files", len(records), show=True) as advance:
        originals = look_at(records, advance)
    with progress_bar(f"{name}: comparing images", len(dataset.ids), show=True) as advance:
        near = near_identical(dataset.images, advance)
    files = [[digest] if digest else [] for digest in originals.digests.tolist()]
    captions = [[caption_key(caption) for caption in of_image] for of_image in dataset.captions]
    bare = [caption for captions in texts_of(records).captions.to_pylist() for caption in captions]
    return Findings(
        dataset=dataset,
        image_size=image_size,
        shared={
            "same file": sharing(same(files), dataset),
            "near-identical": sharing(chained(near, len(dataset.ids)), dataset),
            "same caption": sharing(same(captions), dataset),
        },
        parts=parts_of(dataset),
        reading=read_captions(model, tokenize, dataset),
        mix=language_mix(bare, language),
        sizes=originals.sizes,
        skipped=dataset.skipped,
        repeats=repeats(dataset),
    )


def _in_order(catalogue: Catalogue, dataset: PairDataset) -> Sequence[Record]:
    """Give the records of the prepared images, in their order."""
    if len(catalogue.records) == len(dataset.ids):
        return catalogue.records
    kept = set(dataset.ids)
    return [record for record in catalogue.records if record.id in kept]
