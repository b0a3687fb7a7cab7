"""A model's tokenizer without its weights."""

import open_clip

from gap.models.clip import Tokenize
from gap.models.hub import from_the_hub
from gap.models.languages import told_language
from gap.models.load import OWN, check_known
from gap.models.published import PARTS
from gap.models.weight_settings import WeightSettings


def load_tokenizer(name: str, language: str) -> Tokenize:
    """Give what makes tokens of texts in a language for a model of this name; no weights of open_clip's are needed.

    Raises ``UserError`` on an unknown model, a tokenizer that cannot be had, or a language that it does not know.

    >>> load_tokenizer("ViT-B-32", "en")(["a bee"])[0, :4].tolist()
    [49406, 320, 5028, 49407]
    """
    check_known(name)
    if name in OWN:
        return OWN[name](None, WeightSettings()).tokenize
    tokenize = from_the_hub(lambda: open_clip.get_tokenizer(name), PARTS.format(name=name))
    return told_language(name, tokenize, language)[0]
