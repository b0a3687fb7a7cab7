import math
from pathlib import Path

import pytest
import torch
from small_data import write_small_data

from benchmarks.scaling import compare, measure, over_first, scale, update_norm
from gap.models.adapters import SCALINGS, adapt
from gap.models.load import load_clip
from gap.training.config import TrialConfig


@pytest.fixture
def config(tmp_path: Path) -> TrialConfig:
    data = write_small_data(tmp_path / "squares")
    return TrialConfig(model="tiny", data=data, method="lora", adapt_blocks=1, batch_size=8, lr=1e-3)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("method", ["dora", "lora"])
def test_the_update_is_that_of_pefts_own_matrices(method: str, scaling: str) -> None:
    clip = load_clip("tiny")
    wrapped = adapt(clip.model, method=method, rank=3, scaling=scaling)
    assert wrapped is not None
    assert update_norm(wrapped) == 0
    layers = [module for module in wrapped.modules() if hasattr(module, "get_delta_weight") and module.lora_B]
    with torch.no_grad():
        for layer in layers:
            torch.nn.init.normal_(layer.lora_B["default"].weight)
    expected = math.sqrt(sum(layer.get_delta_weight("default").double().square().sum().item() for layer in layers))
    assert update_norm(wrapped) == pytest.approx(expected, rel=1e-5)
    assert all(layer.scaling["default"] == scale(scaling, 3) for layer in layers)


def test_scalings_are_the_same_run_where_they_have_the_same_scale(config: TrialConfig) -> None:
    changes = compare(config, steps=3, seeds=[0], ranks=(2, 8))
    assert changes["rslora"][1] == changes["alpha"][1] == changes["rank"][1]
    assert len({changes[scaling][0][0].update for scaling in SCALINGS}) == 3
    again = measure(config.model_copy(update={"scaling": "alpha", "rank": 8}), steps=3)  # not taken from another one
    assert again == changes["rank"][1][0]
    assert [over_first(ranks, "update")[0] for ranks in changes.values()] == [1.0, 1.0, 1.0]


def test_the_loss_falls_by_what_training_gives(config: TrialConfig) -> None:
    none, some = (measure(config, steps=steps) for steps in (0, 6))
    assert (none.update, none.fall) == (0.0, 0.0)
    assert min(some.update, some.fall) > 0
