"""Small, randomly initialised text towers of the kinds that multilingual models of open_clip have, as local files."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import (
    M2M100Config,
    NllbTokenizer,
    PreTrainedConfig,
    T5Tokenizer,
    XLMRobertaConfig,
    XLMRobertaTokenizer,
)

SIGNS = ["▁", *string.ascii_lowercase, *"áéíóúñçü", "▁a", "▁bee", "▁una", "ab", "eja", "in", "en"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def write_xlm_roberta(directory: Path) -> None:
    """As ``xlm-roberta-base``: pieces of a unigram model, padding 1, <s> and </s> around a text."""
    vocabulary = [(piece, 0.0) for piece in SPECIAL] + [(piece, -2.0) for piece in SIGNS] + [("<mask>", 0.0)]
    XLMRobertaTokenizer(vocab=vocabulary).save_pretrained(directory)
    XLMRobertaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=50,
        type_vocab_size=1,
        pad_token_id=1,
    ).save_pretrained(directory)


def write_nllb(directory: Path) -> None:
    """As ``facebook/nllb-200-distilled-600M``: byte pairs, padding 1, the language first and </s> last."""
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *SIGNS])}
    merges = [("▁", "a"), ("a", "b"), ("i", "n"), ("e", "n")]
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=merges)
    tokenizer.save_pretrained(directory)
    M2M100Config(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=2,
        decoder_layers=1,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_position_embeddings=48,
    ).save_pretrained(directory)


def write_siglip(directory: Path) -> None:
    """As ``timm/ViT-B-16-SigLIP-i18n-256``: pieces of a unigram model, padded with the end token; no tower."""
    vocabulary = [(piece, 0.0) for piece in ("<pad>", "</s>", "<unk>")] + [(piece, -2.0) for piece in SIGNS]
    T5Tokenizer(vocab=vocabulary, extra_ids=0, pad_token="</s>").save_pretrained(directory)
    PreTrainedConfig(model_type="t5").save_pretrained(directory)


WRITERS: dict[str, Callable[[Path], None]] = {
    "small-xlm-roberta": write_xlm_roberta,
    "small-nllb": write_nllb,
    "small-siglip-i18n": write_siglip,
}


def write_text_tower(name: str, directory: Path) -> dict[str, Any]:
    """Write what a family takes from the hub, if it takes anything, and return the keys that name it."""
    if name not in WRITERS:
        return {}
    directory.mkdir()
    WRITERS[name](directory)
    tower = {"hf_model_name": str(directory), "hf_model_pretrained": False} if name != "small-siglip-i18n" else {}
    return {**tower, "hf_tokenizer_name": str(directory)}
