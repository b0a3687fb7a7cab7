"""How one model is trained: every setting of a run but the data and the seed."""

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

# What runs did before there was a setting for it: studies and states that lack one go on with this.
EARLIER: dict[str, Any] = {"scaling": "rank"}


class TrainingSettings(BaseModel):
    """The settings of one fine-tuning run, validated, unknown names rejected.

    ``alpha`` and ``beta`` are the thesis's: the weight of the matching pairs inside the orthogonal and antipodal terms
    and the weight of the variance term. ``weights`` multiplies a whole term (1 where a term is not named). ``rank``,
    ``scaling``, ``adapt_blocks`` and ``last_n`` say how much is trained by the methods that they describe, and nothing
    to others: one search may range over the method and over all of them.

    >>> TrainingSettings(terms="ce+variance", beta=-0.5).rank
    8
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: str = Field("ViT-L-14", description="open_clip model, or mini or tiny")
    pretrained: str | None = Field(None, description="open_clip's pretrained tag or a checkpoint file")
    method: Literal["dora", "lora", "last_layers", "full"] = "dora"
    rank: int = Field(8, ge=1, description="rank of the DoRA or LoRA adapters")
    scaling: Literal["rslora", "alpha", "rank"] = Field(
        "rslora", description="of the adapters' product BA: by √(8/rank), 8/rank or 1; at rank 8 they are the same"
    )
    adapt_blocks: int | None = Field(
        None, ge=1, description="put DoRA or LoRA on the last blocks of each tower alone; on all unless given"
    )
    last_n: int = Field(2, ge=1, description="blocks trained in each tower by last_layers")
    cache_prefix: bool = Field(
        True, description="compute what lies before the first trained block once and keep it on disk"
    )
    gradient_checkpointing: bool = False
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "fp32", description="of the towers' products; a study settles auto by steps that it makes before its trials"
    )
    compile: bool = Field(False, description="torch.compile for the towers' blocks; where it fails, training goes on")
    terms: str = Field("ce", description="loss terms joined by +, such as ce+antipodal_intra+variance")
    weights: dict[str, float] = Field(default_factory=dict, description="weight of a loss term, 1 unless given")
    alpha: float = 1.0
    beta: float = 1.0
    temperature: Literal["learned", "frozen", "scheduled", "fixed"] = "learned"
    temperature_end: float = Field(
        0.07, gt=0, description="1/logit scale where a scheduled one ends, a fixed one stays"
    )
    batch_size: int = Field(90, ge=2)
    chunk_size: int | Literal["auto"] | None = Field(
        None, description="pairs in memory at once, for batches of any size with the same gradients"
    )
    epochs: int = Field(10, ge=1)
    lr: float = Field(1e-5, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    warmup: float = Field(0.1, ge=0, lt=1, description="share of all steps in which the learning rate rises")
    train_metrics: bool = Field(False, description="recall on (at most 5,000 of) the training images as well")
    pool_size: int = Field(90, ge=2, description="pairs in one retrieval pool")

    @field_validator("chunk_size", mode="before")
    @classmethod
    def _chunk_size_is_a_number_or_auto(cls, chunk: Any) -> Any:
        is_number = isinstance(chunk, int) and not isinstance(chunk, bool) and chunk >= 1
        if not (is_number or chunk is None or chunk == "auto"):
            raise ValueError("expected a whole number from 1 on, auto or null")
        return chunk

    @field_validator("weights")
    @classmethod
    def _weights_are_finite(cls, weights: dict[str, float]) -> dict[str, float]:
        for term, weight in weights.items():
            if not math.isfinite(weight):
                raise ValueError(f"the weight of {term} must be finite, got {weight}")
        return weights
