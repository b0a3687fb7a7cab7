"""The text towers that open_clip's multilingual models take from the Hugging Face hub, as far as a plan needs them.

Loading such a model reads its configuration from the hub; its sizes are public, and so its cost can be told without.
"""

from typing import Any

# By their names on the hub, in the words of their kinds' configurations in transformers.
TOWERS: dict[str, dict[str, Any]] = {
    "xlm-roberta-base": {
        "model_type": "xlm-roberta", "vocab_size": 250002, "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 514, "type_vocab_size": 1,
        "layer_norm_eps": 1e-5, "pad_token_id": 1,
    },
    "xlm-roberta-large": {
        "model_type": "xlm-roberta", "vocab_size": 250002, "hidden_size": 1024, "num_hidden_layers": 24,
        "num_attention_heads": 16, "intermediate_size": 4096, "max_position_embeddings": 514, "type_vocab_size": 1,
        "layer_norm_eps": 1e-5, "pad_token_id": 1,
    },
    "facebook/nllb-200-distilled-600M": {
        "model_type": "m2m_100", "vocab_size": 256206, "d_model": 1024, "encoder_layers": 12, "encoder_ffn_dim": 4096,
        "encoder_attention_heads": 16, "decoder_layers": 1, "max_position_embeddings": 1024, "pad_token_id": 1,
    },
    "facebook/nllb-200-distilled-1.3B": {
        "model_type": "m2m_100", "vocab_size": 256206, "d_model": 1024, "encoder_layers": 24, "encoder_ffn_dim": 8192,
        "encoder_attention_heads": 16, "decoder_layers": 1, "max_position_embeddings": 1024, "pad_token_id": 1,
    },
}  # fmt: skip
