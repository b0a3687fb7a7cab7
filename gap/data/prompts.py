"""The caption of a picture, from its keywords."""

from collections.abc import Sequence

PROMPTS = {"es": "Una imagen de {}", "en": "A picture of {}"}


def caption(keywords: Sequence[str], language: str) -> str:
    """Put all keywords into the language's prompt.

    >>> caption(["sombrero", "chistera"], "es"), caption(["bee"], "en")
    ('Una imagen de sombrero, chistera', 'A picture of bee')
    """
    return PROMPTS[language].format(", ".join(keywords))
