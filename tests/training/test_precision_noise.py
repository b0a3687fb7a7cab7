import numpy as np
import pytest

from gap.data import prepare
from gap.models.mini import IMAGE_SIZE
from gap.training.config import TrialConfig
from gap.training.fit import fit

SEEDS = (0, 1, 2)
METRICS = ("recall_at_1", "recall_at_10", "modality_gap", "misalignment", "uniformity")


@pytest.mark.slow
def test_bf16_is_within_the_noise_between_seeds() -> None:
    data = prepare("pictograms", language="es", image_size=IMAGE_SIZE)
    settings = {"model": "mini", "data": data, "epochs": 1, "batch_size": 45, "lr": 3e-3, "rank": 8}
    found = {
        precision: np.array(
            [
                [list(fit(TrialConfig(**settings, precision=precision, seed=seed)))[-1][name] for name in METRICS]
                for seed in SEEDS
            ]
        )
        for precision in ("fp32", "bf16")
    }
    assert not np.array_equal(found["fp32"], found["bf16"])
    noise = found["fp32"].std(axis=0, ddof=1)
    # Of the difference of two means of three runs each: t with 4 degrees of freedom, 2.78 for 95 %.
    error = noise * np.sqrt(2 / len(SEEDS))
    shift = found["bf16"].mean(axis=0) - found["fp32"].mean(axis=0)
    print(dict(zip(METRICS, zip(shift.round(4), noise.round(4), strict=True), strict=True)))
    assert (np.abs(shift) <= 2.78 * error + 1e-3).all(), dict(zip(METRICS, shift / error, strict=True))
