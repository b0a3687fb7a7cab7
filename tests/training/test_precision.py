from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from small_data import write_small_data

from gap.training import precision
from gap.training.config import TrialConfig
from gap.training.precision import choose_precision, faster


@pytest.fixture
def config(tmp_path: Path) -> TrialConfig:
    return TrialConfig(model="tiny", data=write_small_data(tmp_path / "data"), batch_size=8, rank=2)


def test_steps_are_made_in_both_and_the_faster_is_taken(config: TrialConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = precision.trial_steps
    monkeypatch.setattr(
        precision,
        "trial_steps",
        lambda config: seen.append(config.precision) or real(config),  # type: ignore[func-returns-value]
    )
    choice = choose_precision(config)
    assert seen == ["fp32", "bf16"]
    assert choice.precision in ("fp32", "bf16")
    assert "s in fp32" in choice.reason
    assert "s in bf16" in choice.reason


def test_the_slower_one_loses() -> None:
    assert faster({"fp32": 2.0, "bf16": 1.0}).precision == "bf16"
    assert faster({"fp32": 1.0, "bf16": 1.0}).precision == "fp32"


@pytest.mark.parametrize(("supported", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_takes_bf16_where_it_has_it(
    config: TrialConfig, monkeypatch: pytest.MonkeyPatch, supported: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    assert choose_precision(config.model_copy(update={"device": "cuda"})).precision == expected


def test_a_run_has_a_precision() -> None:
    with pytest.raises(ValidationError, match="'fp32' or 'bf16'"):
        TrialConfig(precision="auto", data="d")  # type: ignore[arg-type]
