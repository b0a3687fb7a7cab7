"""The caption of a picture, from its keywords.

A prompt is a text with one ``{}``, where the keywords go. Keywords are bare nouns, several of them, in no case: the
prompts here are those that no noun has to be bent for. Where a language bends them after a preposition, or joins the
preposition to them (as French, Catalan, German or Polish do), the prompt ends in a colon.
"""

from collections.abc import Sequence

from gap.errors import UserError

PROMPTS = {
    "ar": "صورة: {}",
    "bg": "Изображение на {}",
    "ca": "Una imatge: {}",
    "cs": "Obrázek: {}",
    "da": "Et billede af {}",
    "de": "Ein Bild: {}",
    "el": "Εικόνα: {}",
    "en": "A picture of {}",
    "es": "Una imagen de {}",
    "et": "Pilt: {}",
    "eu": "Irudia: {}",
    "fa": "تصویر: {}",
    "fr": "Une image : {}",
    "gl": "Unha imaxe de {}",
    "he": "תמונה: {}",
    "hr": "Slika: {}",
    "hu": "Kép: {}",
    "is": "Mynd: {}",
    "it": "Un'immagine di {}",
    "ko": "그림: {}",
    "lt": "Paveikslėlis: {}",
    "lv": "Attēls: {}",
    "nb": "Et bilde av {}",
    "nl": "Een afbeelding van {}",
    "pl": "Obrazek: {}",
    "pt": "Uma imagem de {}",
    "ro": "O imagine cu {}",
    "ru": "Изображение: {}",
    "sk": "Obrázok: {}",
    "sv": "En bild av {}",
    "tr": "Resim: {}",
    "uk": "Зображення: {}",
    "val": "Una imatge: {}",
    "zh": "图片：{}",
}
BARE = "{}"  # a text as it stands


def check_prompt(prompt: str, name: str = "prompt") -> str:
    """Return a prompt, or raise UserError: it holds ``{}`` once, no other brace, and nothing but what can be printed.

    >>> check_prompt("Une photo : {}")
    'Une photo : {}'
    >>> check_prompt("A picture of {0}")
    Traceback (most recent call last):
    gap.errors.UserError: prompt: expected a text with one {}, where the words go, got 'A picture of {0}'
    """
    rest = prompt.replace(BARE, "", 1)
    if BARE not in prompt or "{" in rest or "}" in rest or not prompt.isprintable():
        raise UserError(f"{name}: expected a text with one {{}}, where the words go, got {prompt!r}")
    return prompt


def default_prompt(language: str) -> str:
    """Give the prompt of a language. Raises UserError, which names the setting, where there is none.

    >>> default_prompt("pt")
    'Uma imagem de {}'
    """
    if language not in PROMPTS:
        raise UserError(
            f"prompt: expected a text with one {{}}, where the words go: captions in {language!r} have no default "
            f"({', '.join(sorted(PROMPTS))} have)"
        )
    return PROMPTS[language]


def caption(keywords: Sequence[str], language: str, prompt: str | None = None) -> str:
    """Put all keywords into the prompt; None stands for the language's own.

    >>> caption(["sombrero", "chistera"], "es"), caption(["bee"], "en"), caption(["abeille"], "fr", "Photo : {}")
    ('Una imagen de sombrero, chistera', 'A picture of bee', 'Photo : abeille')
    """
    return (prompt or default_prompt(language)).replace(BARE, ", ".join(keywords), 1)


def fill(prompt: str, text: str) -> str:
    """Put a text where ``{}`` stands in a prompt, unless it begins as the prompt does (or ends, if it begins with {}).

    >>> fill("Una imagen de {}", "quiero una manzana"), fill("Una imagen de {}", "una imagen de manzana")
    ('Una imagen de quiero una manzana', 'una imagen de manzana')
    """
    opening, ending = prompt.split(BARE)
    is_filled = _begins(opening, text) if opening else _ends(ending, text)
    return text if is_filled else prompt.replace(BARE, text, 1)


def words_of(prompt: str, caption: str) -> str:
    """Take what a prompt puts round its words off a caption, which leaves its keywords; another text stays as it is.

    >>> words_of("Una imagen de {}", "Una imagen de sombrero, chistera"), words_of("Una imagen de {}", "A hat")
    ('sombrero, chistera', 'A hat')
    >>> words_of("{} (dibujo)", "abeja (dibujo)")
    'abeja'
    """
    opening, ending = prompt.split(BARE)
    fits = len(caption) >= len(opening) + len(ending)
    has_both = fits and (not opening or _begins(opening, caption)) and (not ending or _ends(ending, caption))
    return caption[len(opening) : len(caption) - len(ending)] if has_both else caption


def _begins(opening: str, text: str) -> bool:
    return bool(opening) and text[: len(opening)].casefold() == opening.casefold()


def _ends(ending: str, text: str) -> bool:
    return bool(ending) and text[-len(ending) :].casefold() == ending.casefold()
