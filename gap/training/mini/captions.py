"""The captions of an icon: several phrasings of its keywords, drawn once and for all from a seed."""

import random

from gap.data.pictograms import MAX_TAGS
from gap.data.prompts import caption
from gap.training.mini.held_out import words

PHRASES = ("{}", "an icon of {}", "a drawing of {}", "a pictogram: {}", "{}, clip art")
SAMPLES = 3


def captions(keywords: tuple[str, ...], *, seed: int) -> list[str]:
    """Phrase an icon's keywords: the project's own prompt with the label and up to three tags, the label, samples.

    >>> captions(("bee", "bug", "insect"), seed=0)[:3]
    ['A picture of bee, bug, insect', 'A picture of bee', 'bee']
    """
    label = keywords[0]
    tags = [tag for tag in keywords[1:] if not words(tag) <= words(label)]
    draws = random.Random(f"{seed}/{'|'.join(keywords)}")
    texts = [
        caption([label, *tags[:MAX_TAGS]], "en"),
        caption([label], "en"),
        label,
        draws.choice(PHRASES).format(label),
    ]
    for _ in range(SAMPLES if tags else 0):
        some = draws.sample([label, *tags], draws.randint(1, min(4, len(tags) + 1)))
        texts.append(draws.choice((caption(some, "en"), ", ".join(some))))
    return list(dict.fromkeys(texts))
