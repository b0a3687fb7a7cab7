"""Steps of contrastive fine-tuning on made-up data: this project's, and its peers' with PEFT and open_clip alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import open_clip
import peft
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from gap.models.adapters import adapt, adapter_targets
from gap.models.attention import split_attention
from gap.models.clip import Clip
from gap.models.load import OWN, load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.published import create
from gap.training.encoders import pixel_encoder, token_encoder
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import make_optimiser
from gap.training.step import make_objective, train_step
from gap.training.tokens import padding_id, trim_padding

RANK = 16
Step = Callable[[int], object]


@dataclass(frozen=True)
class Data:
    """Random images and captions on the host."""

    images: np.ndarray
    tokens: Tensor


def random_clip(name: str) -> Clip:
    """Make a model of open_clip's with random weights, attention packed as open_clip has it; or one of our own."""
    if name in OWN:
        return load_clip(name)
    torch.manual_seed(0)
    model = create(name, None, quick_gelu=False)
    return Clip(
        name=name,
        pretrained=None,
        model=model,
        tokenize=open_clip.get_tokenizer(name),
        image_size=model.visual.image_size[0],
        mean=open_clip.OPENAI_DATASET_MEAN,
        std=open_clip.OPENAI_DATASET_STD,
        architecture=open_clip.get_model_config(name),
    )


def random_data(clip: Clip, n: int) -> Data:
    """Make pixels, and captions of eight words."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (n, clip.image_size, clip.image_size, 3), dtype=np.uint8)
    words = random.choice(["bee", "garden", "red", "house", "to", "eat", "an", "apple", "blue", "two"], (n, 8))
    return Data(images, clip.tokenize([" ".join(row) for row in words]))


def our_step(
    clip: Clip, data: Data, device: torch.device, *, batch: int, chunk: int, checkpointing: bool, precision: str
) -> Step:
    """Make this project's step: DoRA, cross-entropy, at most ``chunk`` pairs in memory."""
    split_attention(clip.model)
    adapt(clip.model, method="dora", rank=RANK, scaling="rank")
    clip.model.logit_scale.requires_grad_(True)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    clip.model.to(device, memory_format=torch.channels_last)
    optimiser = make_optimiser(clip.model, lr=1e-4, weight_decay=0.0)
    train_mode(clip.model)
    images = pixel_encoder(clip, data.images, device=device, precision=precision)
    texts = token_encoder(clip, data.tokens, device=device, precision=precision)

    objective = make_objective(clip.model, terms={"ce": 1.0}, alpha=1.0, beta=1.0)

    def step(number: int) -> object:
        rows = np.arange(batch)
        load: Iterator[tuple[Tensor, ...]] = load_chunks(Batch(rows, rows), images, texts, chunk=chunk)
        gradients = partial(accumulate, load, images, texts, objective, size=batch, chunk=chunk)
        return train_step(optimiser, gradients, step=number)

    return step


def plain_step(
    clip: Clip, data: Data, device: torch.device, *, batch: int, checkpointing: bool, precision: str
) -> Step:
    """Make a plain step with open_clip's own loss on whatever of the model is trainable."""
    model = clip.model
    model.logit_scale.requires_grad_(True)
    gradient_checkpointing(model, enabled=checkpointing)
    model.to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, fused=True)
    criterion = open_clip.ClipLoss()
    train_mode(model)
    mean, std = (torch.tensor(v, device=device).mul(255).view(1, 3, 1, 1) for v in (clip.mean, clip.std))
    images, tokens = torch.from_numpy(data.images[:batch]), trim_padding(data.tokens[:batch], padding_id(model))

    def step(number: int) -> object:
        pixels = (images.to(device).permute(0, 3, 1, 2).float() - mean) / std
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            image_features = F.normalize(model.encode_image(pixels), dim=-1)
            text_features = F.normalize(model.encode_text(tokens.to(device)), dim=-1)
        loss = criterion(image_features.float(), text_features.float(), model.logit_scale.exp())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def full(model: nn.Module) -> None:
    """Train everything."""


def peft_adapters(model: nn.Module, *, use_dora: bool) -> None:
    """Put PEFT's layers as they come on the layers that ours go on."""
    split_attention(model)
    model.requires_grad_(False)
    config = peft.LoraConfig(
        r=RANK, lora_alpha=RANK, use_dora=use_dora, target_modules=adapter_targets(model), lora_dropout=0.0
    )
    peft.get_peft_model(model, config)


PEERS: dict[str, Callable[[nn.Module], None]] = {
    "full fine-tuning (open_clip)": full,
    "DoRA (PEFT)": partial(peft_adapters, use_dora=True),
    "LoRA (PEFT)": partial(peft_adapters, use_dora=False),
}
