"""From icons to what the projections are trained on: features, captions, and which icons are of one concept."""

from pathlib import Path

import numpy as np
import torch

from gap.models.clip import ClipModel
from gap.training.mini.captions import captions
from gap.training.mini.features import icon_features, text_features
from gap.training.mini.fit import Examples
from gap.training.mini.icons import Icon, concepts

# Concepts without an emoji are many, and most belong to interfaces: each is drawn a tenth as often as an emoji's.
NAMED_SHARE = 0.1


def make_examples(
    model: ClipModel, sets: list[list[Icon]], *, image_size: int, seed: int, cache: Path, show: bool = True
) -> Examples:
    """Embed the icons of all sets and their captions with the frozen towers, or read what was embedded before."""
    images = [icon_features(model, icons, image_size=image_size, cache=cache, show=show) for icons in sets]
    icons = [icon for one in sets for icon in one]
    texts = [captions(icon.keywords, seed=seed) for icon in icons]
    distinct = sorted({text for some in texts for text in some})
    row = {text: number for number, text in enumerate(distinct)}
    counts = torch.tensor([len(some) for some in texts])

    concept = np.unique(concepts(icons), return_inverse=True)[1]
    sizes = torch.from_numpy(np.bincount(concept))
    is_emoji = np.bincount(concept, weights=[bool(icon.hexcode) for icon in icons]) > 0
    return Examples(
        image_features=torch.cat(images),
        text_features=text_features(model, distinct, cache=cache, show=show),
        text_of=torch.tensor([row[text] for some in texts for text in some]),
        first_text=counts.cumsum(0) - counts,
        texts=counts,
        by_concept=torch.from_numpy(np.argsort(concept, kind="stable")),
        first_icon=sizes.cumsum(0) - sizes,
        icons=sizes,
        weights=torch.from_numpy(np.where(is_emoji, 1.0, NAMED_SHARE)).float(),
    )
