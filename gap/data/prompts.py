"""The caption of a picture, from its keywords."""

from collections.abc import Sequence

PROMPTS = {"es": "Una imagen de {}", "en": "A picture of {}"}
BARE = "{}"  # a text as it stands


def caption(keywords: Sequence[str], language: str, prompt: str | None = None) -> str:
    """Put all keywords into the prompt; None stands for the language's own.

    >>> caption(["sombrero", "chistera"], "es"), caption(["bee"], "en")
    ('Una imagen de sombrero, chistera', 'A picture of bee')
    """
    return (prompt or PROMPTS[language]).replace(BARE, ", ".join(keywords), 1)


def fill(prompt: str, text: str) -> str:
    """Put a text where ``{}`` stands in a prompt, unless it begins as the prompt does.

    >>> fill("Una imagen de {}", "quiero una manzana"), fill("Una imagen de {}", "una imagen de manzana")
    ('Una imagen de quiero una manzana', 'una imagen de manzana')
    """
    return text if _begins(prompt, text) else prompt.replace(BARE, text, 1)


def words_of(prompt: str, caption: str) -> str:
    """Take the opening of a prompt off a caption, which leaves its keywords; another text stays as it is.

    >>> words_of("Una imagen de {}", "Una imagen de sombrero, chistera"), words_of("Una imagen de {}", "A hat")
    ('sombrero, chistera', 'A hat')
    """
    return caption[prompt.index(BARE) :] if _begins(prompt, caption) else caption


def _begins(prompt: str, text: str) -> bool:
    opening = prompt[: prompt.index(BARE)]
    return bool(opening) and text[: len(opening)].casefold() == opening.casefold()
