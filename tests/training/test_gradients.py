from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_data import write_small_data
from torch import Tensor, nn

from gap.data import open_dataset
from gap.losses import TERMS
from gap.models.adapters import adapt, trained_parameters
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.mini import IMAGE_SIZE
from gap.models.modes import gradient_checkpointing, train_mode
from gap.training.encoders import Chunk, Encoder, pixel_encoder, token_encoder
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.pairs import make_training_pairs
from gap.training.step import make_objective

EVERY_TERM = {**{name: 0.5 for name in TERMS if name != "siglip"}, "ce": 1.0}


def exact(features: Tensor, *, weight: Tensor) -> Tensor:
    return nn.functional.normalize(torch.tanh(features @ weight), dim=-1)


class Small(nn.Module):
    """Two towers in float64 with a temperature, over rows of two tables."""

    def __init__(self, n: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.images, self.texts = (torch.randn(n, 6, dtype=torch.float64) for _ in range(2))
        self.image, self.text = (nn.Parameter(torch.randn(6, 4, dtype=torch.float64)) for _ in range(2))
        self.logit_scale = nn.Parameter(torch.tensor(1.5, dtype=torch.float64))
        self.dropout = 0.0

    def encoders(self) -> tuple[Encoder, Encoder]:
        return (
            Encoder(lambda rows: (self.images[rows],), lambda chunk: self.encode(chunk, self.image)),
            Encoder(lambda rows: (self.texts[rows],), lambda chunk: self.encode(chunk, self.text)),
        )

    def encode(self, chunk: Chunk, weight: Tensor) -> Tensor:
        return exact(nn.functional.dropout(chunk[0], self.dropout), weight=weight)

    def objective(self, images: Tensor, texts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        from gap.losses import total_loss

        return total_loss(images, texts, terms=EVERY_TERM, logit_scale=self.logit_scale.exp(), alpha=0.7, beta=-0.3)


def take(
    model: nn.Module, encoders: tuple[Encoder, Encoder], objective: Callable[..., object], *, size: int, chunk: int
) -> tuple[float, dict[str, Tensor]]:
    model.zero_grad()
    batch = Batch(np.arange(size), np.arange(size)[::-1].copy())
    load = load_chunks(batch, *encoders, chunk=chunk)
    total, _ = accumulate(load, *encoders, objective, size=size, chunk=chunk)  # type: ignore[arg-type]
    assert next(load, None) is None  # everything that was read was used
    assert not total.requires_grad
    return total.item(), {
        name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None
    }


@pytest.mark.parametrize("chunk", [1, 2, 5, 6, 10, 11, 100])
def test_every_chunk_gives_the_gradient_of_the_whole_batch(chunk: int) -> None:
    model = Small(11)
    total, expected = take(model, model.encoders(), model.objective, size=11, chunk=11)
    again, got = take(model, model.encoders(), model.objective, size=11, chunk=chunk)
    assert again == pytest.approx(total, rel=1e-12)
    assert set(got) == {"image", "text", "logit_scale"} == set(expected)
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-10, atol=1e-12, msg=name)


def test_gradients_add_to_what_is_there() -> None:
    model = Small(6)
    _, once = take(model, model.encoders(), model.objective, size=6, chunk=4)
    batch = Batch(np.arange(6), np.arange(6)[::-1].copy())
    images, texts = model.encoders()
    accumulate(load_chunks(batch, images, texts, chunk=4), images, texts, model.objective, size=6, chunk=4)
    for name, gradient in once.items():
        torch.testing.assert_close(dict(model.named_parameters())[name].grad, 2 * gradient)


def test_random_numbers_are_the_same_in_both_passes() -> None:
    model = Small(8)
    model.dropout = 0.5
    images, texts = model.encoders()
    seen: list[Tensor] = []
    encode = images.encode
    watched = Encoder(images.gather, lambda chunk: seen.append(features := encode(chunk)) or features)
    torch.manual_seed(3)
    take(model, (watched, texts), model.objective, size=8, chunk=3)
    assert len(seen) == 6
    for first, second in zip(seen[:3], seen[3:], strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert not torch.equal(seen[0], torch.zeros_like(seen[0]))
    after = torch.get_rng_state()
    torch.manual_seed(3)
    with torch.no_grad():
        for encoder in (images, texts):
            for start in (0, 3, 6):
                encoder.encode(encoder.gather(np.arange(8)[start : start + 3]))
    assert torch.equal(torch.get_rng_state(), after)  # as many numbers are used as by one pass


def test_one_pair_and_a_tower_that_is_not_trained() -> None:
    model = Small(4)
    model.image.requires_grad_(False)
    _, got = take(model, model.encoders(), model.objective, size=4, chunk=3)
    _, expected = take(model, model.encoders(), model.objective, size=4, chunk=4)
    assert set(got) == {"text", "logit_scale"}
    for name in got:
        torch.testing.assert_close(got[name], expected[name])


def test_a_term_that_reads_the_images_alone() -> None:
    model = Small(4)

    def spread(images: Tensor, texts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        total = (images @ images.T).square().mean()
        return total, {"spread": total.detach()}

    _, got = take(model, model.encoders(), spread, size=4, chunk=3)
    _, expected = take(model, model.encoders(), spread, size=4, chunk=4)
    assert set(got) == set(expected) == {"image"}
    torch.testing.assert_close(got["image"], expected["image"])


def small_clip(name: str, tmp_path: Path, **settings: object) -> tuple[Clip, tuple[Encoder, Encoder]]:
    dataset = open_dataset(write_small_data(tmp_path / name, image_size=IMAGE_SIZE if name == "mini" else 32))
    clip = load_clip(name)
    torch.manual_seed(0)
    adapt(clip.model, **settings)  # type: ignore[arg-type]
    clip.model.logit_scale.requires_grad_(True)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(torch.randn_like(parameter) * 0.01)
    train_mode(clip.model)
    pairs = make_training_pairs(dataset, clip)
    device = torch.device("cpu")
    return clip, (
        pixel_encoder(clip, dataset.images, device=device, precision="fp32"),
        token_encoder(clip, pairs.tokens, device=device, precision="fp32"),
    )


@pytest.mark.parametrize("method", ["dora", "lora", "last_layers", "full"])
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("name", ["tiny", pytest.param("mini", marks=pytest.mark.slow)])
def test_real_towers(name: str, method: str, checkpointing: bool, tmp_path: Path) -> None:
    clip, encoders = small_clip(name, tmp_path, method=method, rank=2)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    objective = make_objective(clip.model, terms=EVERY_TERM, alpha=0.7, beta=-0.3)
    total, expected = take(clip.model, encoders, objective, size=7, chunk=7)
    again, got = take(clip.model, encoders, objective, size=7, chunk=3)
    assert again == pytest.approx(total, rel=1e-5)
    assert got.keys() == expected.keys()
    norm = torch.cat([gradient.flatten() for gradient in expected.values()]).norm()
    error = torch.cat([(got[name] - gradient).flatten() for name, gradient in expected.items()]).norm()
    assert (error / norm).item() < 2e-5
    torch.testing.assert_close(got["logit_scale"], expected["logit_scale"], rtol=1e-4, atol=1e-6)


def test_batch_norms_and_trimmed_texts_in_chunks(tmp_path: Path) -> None:
    test_real_towers("mini", "dora", False, tmp_path)
