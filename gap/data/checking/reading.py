"""Captions as a model's tokenizer leaves them: those that become the same tokens, and those that are cut."""

from collections.abc import Iterable
from dataclasses import dataclass

from gap.data.captions import caption_ids
from gap.data.dataset import PairDataset
from gap.models.clip import Tokenize
from gap.models.context import count_cut, same_tokens


@dataclass(frozen=True)
class Reading:
    """How ``model`` reads captions: ``cut`` of ``captions`` are longer than its ``context`` of so many tokens.

    Of ``distinct`` captions, equal ones counted once, ``alike`` become the same tokens as another one; ``test_alike``
    of ``test_distinct`` do so within the test part, where they tie.
    """

    model: str
    context: int
    captions: int
    cut: int
    distinct: int
    alike: int
    test_distinct: int
    test_alike: int

    def remarks(self) -> list[str]:
        """Say what the model does not read, a line each; nothing if it reads all of every caption."""
        said = []
        if self.cut:
            said.append(
                f"{self.cut:,} of {self.captions:,} captions are cut: {self.model} reads {self.context} tokens, and "
                "not what is behind."
            )
        if self.alike:
            said.append(
                f"{self.alike:,} of {self.distinct:,} distinct captions ({self.test_alike:,} of {self.test_distinct:,} "
                f"in the test part) become the same tokens as another one: {self.model} cannot tell them apart, so "
                "they tie, and ties count against the model."
            )
        return said


def read_captions(model: str, tokenize: Tokenize, dataset: PairDataset) -> Reading:
    """Find out how a model of this name reads the captions of a dataset by its tokenizer."""
    alike = _alike(tokenize, (text for captions in dataset.captions for text in captions))
    tested = (text for row in dataset.test.tolist() for text in dataset.captions[row])
    test_alike = _alike(tokenize, tested)
    cut, context = count_cut(tokenize, (text for captions in dataset.captions for text in captions))
    return Reading(
        model=model,
        context=context,
        captions=sum(map(len, dataset.captions)),
        cut=cut,
        distinct=alike[1],
        alike=alike[0],
        test_distinct=test_alike[1],
        test_alike=test_alike[0],
    )


def _alike(tokenize: Tokenize, texts: Iterable[str]) -> tuple[int, int]:
    """Count the captions that become the same tokens as another one, and all, equal captions once."""
    spellings = list(dict.fromkeys(texts))
    marked = same_tokens(tokenize, spellings, caption_ids(spellings))
    return int(marked.sum()), len(marked)
