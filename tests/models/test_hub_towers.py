"""Multilingual models are planned without the hub: the towers described here have the published sizes."""

import open_clip
import pytest

from gap.models.bare import bare_clip
from gap.models.hub_towers import TOWERS

# Millions of parameters, of the model and its text tower, as open_clip's documentation has them (model_profile.csv).
PUBLISHED = {
    "xlm-roberta-base-ViT-B-32": ("laion5b_s13b_b90k", 366.12, 278.27),
    "xlm-roberta-large-ViT-H-14": ("frozen_laion5b_s13b_b90k", 1193.01, 560.94),
    "nllb-clip-base": ("v1", 501.89, 414.04),
    "nllb-clip-large": ("v1", 1399.22, 767.14),
    "ViT-B-16-SigLIP-i18n-256": ("webli", 370.63, 277.7),  # which takes its tokenizer alone from the hub
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_bare_model_has_the_published_size(name: str) -> None:
    tag, whole, text = PUBLISHED[name]
    model = bare_clip(name, tag).model
    counts = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (model, model.text)]
    assert counts == pytest.approx([whole, text], abs=0.006)
    assert model.logit_scale.device.type == "meta"


def test_every_tower_is_one_of_a_tested_model() -> None:
    tested = {open_clip.get_model_config(name)["text_cfg"].get("hf_model_name") for name in PUBLISHED}
    assert set(TOWERS) <= tested
