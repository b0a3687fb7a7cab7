"""A model's tokenizer without its weights."""

from gap.models.architecture import config_of, read_described
from gap.models.clip import Tokenize
from gap.models.languages import told_language
from gap.models.load import OWN, check_known
from gap.models.published import tokenizer_of
from gap.models.weight_settings import WeightSettings, brings_weights


def load_tokenizer(name: str, language: str) -> Tokenize:
    """Return what makes tokens of texts in a language for a model of this name; no weights of open_clip's are needed.

    Raises ``UserError`` on an unknown model, a tokenizer that cannot be had, or a language that it does not know.

    >>> load_tokenizer("ViT-B-32", "en")(["a bee"])[0, :4].tolist()
    [49406, 320, 5028, 49407]
    """
    check_known(name)
    if name in OWN:
        return OWN[name](None, WeightSettings()).tokenize
    architecture = read_described(name).architecture if brings_weights(name) else config_of(name)
    return told_language(name, tokenizer_of(name, architecture), language)[0]
