"""Which language captions look like: a guess by their letters, good for sentences and poor for a word or two."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

MIN_WORDS, SURE = 5, 0.5  # finds half or more of the strangers, and takes 1 in 100 for one that is none
SAMPLE = 10_000


@dataclass(frozen=True)
class LanguageMix:
    """What of ``captions`` was long enough to ask, what ``others`` it surely looks like, and some of those."""

    language: str
    known: bool
    captions: int
    asked: int
    others: dict[str, int]
    examples: list[str]


def language_mix(captions: Sequence[str], language: str) -> LanguageMix:
    """Guess the language of captions of at least ``MIN_WORDS`` words, at most ``SAMPLE`` of them.

    >>> mix = language_mix(["a man rides his horse on the beach", "una mujer come una manzana en el parque"], "en")
    >>> mix.asked, mix.others
    (2, {'es': 1})
    """
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    stated = language.split("-")[0]
    known = stated in identifier.labels
    long = [caption for caption in captions if len(caption.split()) >= MIN_WORDS]
    rows = np.random.default_rng(0).permutation(len(long))[:SAMPLE].tolist()
    others, examples = Counter[str](), list[str]()
    for caption in (long[row] for row in sorted(rows)) if known else ():
        guess, confidence = identifier.classify(caption)
        if guess != stated and confidence >= SURE:
            others[guess] += 1
            examples.append(f"{guess}: {caption}")
    return LanguageMix(language, known, len(captions), len(rows) if known else 0, dict(others.most_common()), examples)
