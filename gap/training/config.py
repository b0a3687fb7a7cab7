"""One fine-tuning run, with nothing left open."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from gap.losses import parse_terms
from gap.training.settings import TrainingSettings


class TrialConfig(TrainingSettings):
    """The settings of a run, the prepared dataset that it reads, its seed and its device.

    >>> TrialConfig(model="mini", data="prepared", seed=3, terms="ce+variance").device
    'cpu'
    """

    precision: Literal["fp32", "bf16"] = "fp32"
    data: Path = Field(description="directory that gap.data.prepare returned")
    seed: int = Field(0, ge=0)
    device: Literal["cpu", "cuda"] = "cpu"

    @field_validator("terms")
    @classmethod
    def _terms_are_known(cls, terms: str) -> str:
        return "+".join(parse_terms(terms))

    @property
    def term_weights(self) -> dict[str, float]:
        """The weight of every term in the loss: 1 unless one is given."""
        return {name: self.weights.get(name, 1.0) for name in parse_terms(self.terms)}
