"""Tokenizers that have to be told a text's language: NLLB's puts it before the text, where its CLIP reads a caption."""

import copy
from dataclasses import replace

from open_clip.tokenizer import HFTokenizer

from gap.errors import UserError
from gap.models.clip import Clip, Tokenize

# What NLLB's tokenizer calls languages (FLORES-200): the ISO 639-3 code and the script.
FLORES = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "ca": "cat_Latn", "cs": "ces_Latn", "da": "dan_Latn", "de": "deu_Latn",
    "el": "ell_Grek", "en": "eng_Latn", "es": "spa_Latn", "et": "est_Latn", "eu": "eus_Latn", "fa": "pes_Arab",
    "fr": "fra_Latn", "gl": "glg_Latn", "he": "heb_Hebr", "hi": "hin_Deva", "hr": "hrv_Latn", "hu": "hun_Latn",
    "is": "isl_Latn", "it": "ita_Latn", "ko": "kor_Hang", "lt": "lit_Latn", "lv": "lvs_Latn", "mk": "mkd_Cyrl",
    "nb": "nob_Latn", "nl": "nld_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ro": "ron_Latn", "ru": "rus_Cyrl",
    "sk": "slk_Latn", "sq": "als_Latn", "sr": "srp_Cyrl", "sv": "swe_Latn", "tr": "tur_Latn", "uk": "ukr_Cyrl",
    "val": "cat_Latn", "zh": "zho_Hans",
}  # fmt: skip


def in_language(clip: Clip, language: str) -> Clip:
    """Give the model with a tokenizer that takes texts to be in this language; the same model where that is no matter.

    ``language`` is a dataset's, such as ``es``, or FLORES's own with a hyphen, such as ``spa-Latn``. An export keeps
    it. Raises ``UserError`` if the tokenizer does not know the language.

    >>> from gap.models.load import load_clip
    >>> clip = load_clip("tiny")
    >>> in_language(clip, "es") is clip
    True
    """
    tokenize, code = told_language(clip.name, clip.tokenize, language)
    if code is None:
        return clip
    text = clip.architecture["text_cfg"]
    told = {**text, "tokenizer_kwargs": {**text.get("tokenizer_kwargs", {}), "src_lang": code}}
    return replace(clip, tokenize=tokenize, architecture={**clip.architecture, "text_cfg": told})


def told_language(name: str, tokenize: Tokenize, language: str) -> tuple[Tokenize, str | None]:
    """Return a model's tokenizer that takes texts to be in this language, and the language's code.

    The tokenizer is the same and the code None where that is no matter. Raises ``UserError`` if it does not know the
    language.
    """
    if not isinstance(tokenize, HFTokenizer) or not hasattr(tokenize.tokenizer, "src_lang"):
        return tokenize, None
    code = FLORES.get(language, language.replace("-", "_"))
    known = tokenize.tokenizer
    if known.convert_tokens_to_ids(code) in (None, known.unk_token_id):
        raise UserError(
            f"{name} does not know the language {language!r}: expected one of {', '.join(FLORES)}, or a code of "
            "FLORES-200 such as spa-Latn"
        )
    told = copy.deepcopy(tokenize)
    told.tokenizer.src_lang = code  # open_clip's set_language is undone by the next call, as of transformers 5
    return told, code
