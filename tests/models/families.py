"""Small, randomly initialised models of the kinds that open_clip builds, under names of their own."""

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from multilingual import write_text_tower
from safetensors.torch import save_file
from torch import Tensor, nn

from gap.models.clip import Clip

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
TIMM = {"timm_model_pretrained": False, "timm_proj": "linear", "image_size": 32}
FAMILIES: dict[str, dict[str, Any]] = {
    "small-vit": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT},
    "small-vit-quickgelu": {"embed_dim": 16, "quick_gelu": True, "vision_cfg": VISION, "text_cfg": TEXT},
    "small-pooled-vit": {
        "embed_dim": 16,
        "vision_cfg": {**VISION, "attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4},
        "text_cfg": TEXT,
    },
    "small-timm-vit": {
        "embed_dim": 16,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {**TIMM, "timm_model_name": "test_vit", "timm_pool": "", "image_size": 160},
        "text_cfg": {**TEXT, "no_causal_mask": True, "proj_bias": True, "pool_type": "last"},
    },
    "small-convnext": {
        "embed_dim": 16,
        "vision_cfg": {**TIMM, "timm_model_name": "convnext_atto", "timm_pool": ""},
        "text_cfg": TEXT,
    },
    "small-resnet": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None},
        "text_cfg": TEXT,
    },
    # As open_clip describes xlm-roberta-base-ViT-B-32, nllb-clip-base and ViT-B-16-SigLIP-i18n-256, but for the sizes;
    # what they take from the hub is written beside the weights.
    "small-xlm-roberta": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {"hf_pooler_type": "mean_pooler", "hf_proj_type": "mlp", "context_length": 48},
    },
    "small-nllb": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {"hf_pooler_type": "cls_pooler", "hf_proj_type": "linear", "context_length": 48},
    },
    "small-siglip-i18n": {
        "embed_dim": 64,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            **TIMM, "timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "none", "image_size": 160,
        },
        "text_cfg": {
            **TEXT,
            "vocab_size": 64,
            "context_length": 64,
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-06},
        },
    },
}  # fmt: skip


def write_weights(directory: Path) -> dict[str, Path]:
    """Make open_clip know the families; write a checkpoint of each, and return where."""
    paths = {}
    for number, (name, config) in enumerate(FAMILIES.items()):
        text = {**config["text_cfg"], **write_text_tower(name, directory / name)}
        (directory / f"{name}.json").write_text(json.dumps({**config, "text_cfg": text}))
        open_clip.add_model_config(directory / f"{name}.json")
        torch.manual_seed(number)
        paths[name] = directory / f"{name}.safetensors"
        model = open_clip.create_model(name, pretrained_text=False)
        for module in model.modules():  # a ResNet's blocks begin with a zero here: nothing behind it has a gradient
            if isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
        save_file(model.state_dict(), paths[name])
    return paths


def images_and_tokens(clip: Clip, n: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(n, 3, clip.image_size, clip.image_size, generator=generator)
    texts = ["a bee", "two bees and a flower in the garden", "una abeja"]
    return images, clip.tokenize([texts[row % 3] for row in range(n)])


def embed(clip: Clip) -> tuple[Tensor, Tensor]:
    images, tokens = images_and_tokens(clip)
    return clip.model.encode_image(images), clip.model.encode_text(tokens)
