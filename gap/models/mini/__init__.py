"""``mini``: a small real CLIP, EfficientNet-Lite0 and all-MiniLM-L6-v2 joined by projections that were trained here.

Both halves are pretrained and come from pip packages; only the projections are in this repository (see MODEL_CARD.md).
Its figures are a toy's: they say that a pipeline works, nothing about any larger CLIP.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from gap.models.clip import ClipModel
from gap.models.mini.projections import load_projections
from gap.models.mini.towers import TEXT_TOWER, directory, load_image_tower, load_text_tower, verified

IMAGE_SIZE = 112
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
CONTEXT_LENGTH = 32
EMBED_DIM = 256


def model_config() -> dict[str, Any]:
    """Describe the architecture as open_clip's model configurations do.

    ``hf_model_name`` and ``hf_tokenizer_name`` are the directory of the installed package: on another machine, or
    beside an exported checkpoint, name a directory with the same files.

    >>> config = model_config()
    >>> config["embed_dim"], config["vision_cfg"]["timm_model_name"]
    (256, 'tf_efficientnet_lite0')
    """
    package = str(directory(TEXT_TOWER) / "model")
    return {
        "embed_dim": EMBED_DIM,
        "vision_cfg": {
            "timm_model_name": "tf_efficientnet_lite0",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "timm_proj_bias": True,
            "image_size": IMAGE_SIZE,
        },
        "text_cfg": {
            "hf_model_name": package,
            "hf_tokenizer_name": package,
            "hf_model_pretrained": False,
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
            "context_length": CONTEXT_LENGTH,
        },
    }


def build_towers() -> ClipModel:
    """Build the model with both pretrained towers and random projections, in evaluation mode.

    Raises UserError when a package is missing or a file in it is not the expected one.
    """
    from open_clip.model import CustomTextCLIP

    verified(TEXT_TOWER, "model/config.json")
    with torch.random.fork_rng(devices=[]):
        model: ClipModel = CustomTextCLIP(**model_config())
    load_image_tower(model.visual.trunk)
    load_text_tower(model.text.transformer)
    # Depthwise convolutions are two to three times as fast in this layout on a CPU; values are the same.
    return model.eval().to(memory_format=torch.channels_last)


def build() -> ClipModel:
    """Build the shipped model, in evaluation mode, fp32, on the CPU.

    Raises UserError when a package is missing or a file in it is not the expected one.

    >>> model = build()
    >>> model.encode_text(tokenizer()(["a bee"])).shape
    torch.Size([1, 256])
    """
    model = build_towers()
    load_projections(model)
    return model


def tokenizer() -> Callable[[list[str]], Int[Tensor, "n context"]]:
    """Return the text tower's tokenizer: BERT's word pieces, lower case, padded or cut to 32 tokens, ``[SEP]`` kept.

    >>> tokenizer()(["A bee"])[0, :5].tolist()
    [101, 1037, 10506, 102, 0]
    """
    from tokenizers import Tokenizer

    pieces = Tokenizer.from_file(str(verified(TEXT_TOWER, "model/tokenizer.json")))
    pieces.enable_truncation(CONTEXT_LENGTH)
    pieces.enable_padding(length=CONTEXT_LENGTH)

    def tokenize(texts: list[str]) -> Int[Tensor, "n context"]:
        ids = [encoding.ids for encoding in pieces.encode_batch(texts)]
        return torch.tensor(ids, dtype=torch.int64).reshape(len(texts), CONTEXT_LENGTH)

    return tokenize
