"""The projections: two linear maps from the towers' features to one space, trained contrastively."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

MAX_LOGIT_SCALE = math.log(100)


@dataclass(frozen=True)
class Examples:
    """Embedded icons and captions, and which belong together.

    ``first_text[i]`` and ``texts[i]``: where icon i's captions begin in ``text_of``, and how many it has.
    ``by_concept``: icons, those of one concept side by side; ``first_icon[c]`` and ``icons[c]``: where concept c begins
    there, and how many it has. ``weights[c]``: how often a concept is drawn, in proportion.
    """

    image_features: Float[Tensor, "m v k"]
    text_features: Float[Tensor, "distinct l"]
    text_of: Int[Tensor, " n"]
    first_text: Int[Tensor, " m"]
    texts: Int[Tensor, " m"]
    by_concept: Int[Tensor, " m"]
    first_icon: Int[Tensor, " c"]
    icons: Int[Tensor, " c"]
    weights: Float[Tensor, " c"]


@dataclass(frozen=True)
class Recipe:
    """How the projections are trained."""

    steps: int = 2000
    batch_size: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    dropout: float = 0.5
    logit_scale: float = math.log(1 / 0.07)


class Projections(nn.Module):
    """The trained part of ``mini``, under the names that it has in open_clip's state dict, less their prefixes."""

    def __init__(self, image_width: int, text_width: int, embed_dim: int, logit_scale: float) -> None:
        super().__init__()
        self.image = nn.Linear(image_width, embed_dim)
        self.text = nn.Linear(text_width, embed_dim, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(logit_scale))

    def encode_image(self, features: Float[Tensor, "n k"]) -> Float[Tensor, "n d"]:
        """Project pooled image features to unit vectors."""
        return F.normalize(self.image(features), dim=-1)

    def encode_text(self, features: Float[Tensor, "n l"]) -> Float[Tensor, "n d"]:
        """Project pooled text features to unit vectors."""
        return F.normalize(self.text(features), dim=-1)


def contrastive_loss(logits: Float[Tensor, "n n"], texts: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """Give InfoNCE in both directions, where pairs whose caption is another pair's too do not repel each other.

    >>> contrastive_loss(torch.zeros(2, 2), torch.tensor([7, 7])).item()
    0.0
    """
    same = (texts[:, None] == texts[None, :]).fill_diagonal_(False)
    logits = logits.masked_fill(same, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def train(examples: Examples, recipe: Recipe, *, embed_dim: int, seed: int) -> Projections:
    """Train the projections. A batch has every concept at most once: one of its icons, in one variant, one caption."""
    draws = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Projections(
            examples.image_features.shape[-1], examples.text_features.shape[-1], embed_dim, recipe.logit_scale
        )
        optimiser = torch.optim.AdamW(
            [
                {"params": [model.image.weight, model.text.weight], "weight_decay": recipe.weight_decay},
                {"params": [model.image.bias, model.logit_scale], "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe.learning_rate, total_steps=recipe.steps, pct_start=0.05
        )
        for _ in range(recipe.steps):
            images, texts = _batch(examples, recipe.batch_size, draws)
            image_features = model.encode_image(F.dropout(images, recipe.dropout))
            text_features = model.encode_text(F.dropout(examples.text_features[texts], recipe.dropout))
            logits = model.logit_scale.exp() * image_features @ text_features.T
            optimiser.zero_grad()
            contrastive_loss(logits, texts).backward()
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                model.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
    return model.eval().requires_grad_(False)


def _batch(examples: Examples, size: int, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw concepts without replacement; give image features [b k] and rows of ``text_features`` [b]."""

    def one_of(counts: Tensor) -> Tensor:
        return (torch.rand(len(counts), generator=draws) * counts).long()

    chosen = torch.multinomial(examples.weights, min(size, len(examples.weights)), generator=draws)
    icons = examples.by_concept[examples.first_icon[chosen] + one_of(examples.icons[chosen])]
    variants = torch.randint(examples.image_features.shape[1], icons.shape, generator=draws)
    texts = examples.text_of[examples.first_text[icons] + one_of(examples.texts[icons])]
    return examples.image_features[icons, variants], texts
