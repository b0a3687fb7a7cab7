"""One query to one trial, or to two."""

from collections.abc import Sequence
from pathlib import Path

from gap.data import PairDataset
from gap.data.progress import progress_bar
from gap.errors import UserError
from study.finished import Finished
from study.retrieval.answer import Answer
from study.retrieval.gallery import Watch
from study.retrieval.hits import find
from study.retrieval.opened import open_trial
from study.retrieval.query import ImageQuery, TextQuery, cut_after, file_query, own_query, text_query
from study.retrieval.sides import prompt_of
from study.retrieval.which import Chosen

ACROSS = {TextQuery: "image", ImageQuery: "text"}  # what is searched in when nobody says


def make_query(
    dataset: PairDataset,
    *,
    text: str | None = None,
    image: Path | None = None,
    like: str | None = None,
    prompt: str | None = None,
    own_prompt: str | None = None,
) -> TextQuery | ImageQuery:
    """Make the query out of the one way to ask that was taken.

    A text is put into ``prompt``, or else the one that the captions were made with, ``own_prompt`` if the study names
    it.

    Raises ``UserError`` if that is not one, or there is no such image, or an empty text.
    """
    given = [name for name, value in (("a text", text), ("--image", image), ("--like", like)) if value is not None]
    if len(given) != 1:
        raise UserError(f"expected a text, --image FILE or --like ID, got {' and '.join(given) or 'none of them'}")
    if prompt is not None and text is None:
        raise UserError("--prompt is for a text: an image is asked with as it is")
    if image is not None:
        return file_query(image, dataset.images.shape[1])
    if like is not None:
        return own_query(dataset, like)
    return text_query(str(text), prompt_of(dataset, own_prompt) if prompt is None else prompt)


def ask(
    study: Finished,
    dataset: PairDataset,
    query: TextQuery | ImageQuery,
    chosen: Sequence[Chosen],
    *,
    to: str | None = None,
    top: int = 12,
    split: str = "all",
    index: bool | None = None,
) -> Answer:
    """Ask each of the chosen trials, one model in memory at a time; ``to`` is across the gap if nobody says.

    Raises ``UserError`` if ``top`` is not positive, an adapter was not kept, or an index is wanted without its library.
    """
    if top < 1:
        raise UserError(f"--top: expected at least 1, got {top}")
    side = to or ACROSS[type(query)]
    found, cut = [], None
    for one in chosen:
        opened = open_trial(study.directory, one.trial, dataset, watch=watching(one.trial))
        cut = cut_after(query, opened.clip.tokenize)
        found.append(find(opened, query, to=side, top=top, split=split, index=index))
    return Answer(
        study=study.directory,
        profile=str(study.about.get("profile")),
        query=query,
        cut_after=cut,
        to=side,
        split=split,
        licence=dataset.licence,
        chosen=chosen,
        found=found,
    )


def watching(trial: str) -> Watch:
    """Show on standard error how a trial's embeddings are computed."""
    return lambda what, steps: progress_bar(f"{trial}: {what}", steps, show=True)
