"""How one model is trained: every setting of a run but the data and the seed."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gap.models.weight_settings import NAMES, Triple, WeightSettings, brings_weights, split_model

# What training was before a setting of that name existed, where the setting's default is something else. Settings that
# were written down without the name, in a study.json, an Optuna study or a state, mean this value: who reads them fills
# it in before a default can, so that a run never goes on otherwise than it began.
EARLIER: Mapping[str, Any] = MappingProxyType({"scaling": "rank"})


class TrainingSettings(BaseModel):
    """The settings of one fine-tuning run, validated, unknown names rejected.

    ``alpha`` and ``beta`` are the thesis's: the weight of the matching pairs inside the orthogonal and antipodal terms
    and the weight of the variance term. ``weights`` multiplies a whole term (1 where a term is not named). ``rank``,
    ``adapt_blocks`` and ``last_n`` say how much is trained by the methods that they describe, and nothing to others:
    one search may range over the method and over all of them.

    >>> TrainingSettings(terms="ce+variance", beta=-0.5).rank
    8
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: str = Field("ViT-L-14", description="open_clip model, hf-hub:ORG/REPO, local-dir:DIR, or mini or tiny")
    pretrained: str | None = Field(None, description="open_clip's pretrained tag or a checkpoint file")
    quick_gelu: bool | None = Field(
        None, description="activation of the weights: QuickGELU, or GELU; found out unless given"
    )
    image_mean: Triple | None = Field(None, description="of pixels in [0, 1], as the weights were trained with")
    image_std: Triple | None = Field(None, description="of pixels in [0, 1], as the weights were trained with")
    weights_sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="that the file of weights must have; a study notes it itself"
    )
    resize_positions: bool = Field(
        False, description="interpolate position tables of another context length or image size than the model's"
    )
    method: Literal["dora", "lora", "last_layers", "full"] = "dora"
    rank: int = Field(8, ge=1, description="rank of the DoRA or LoRA adapters")
    scaling: Literal["rslora", "alpha", "rank"] = Field(
        "rslora", description="scale s of a DoRA or LoRA update s·BA of rank r: √(8/r), 8/r (PEFT's lora_alpha 8), or 1"
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
    unique_captions: bool = Field(False, description="no two pairs of a batch have equal captions")
    chunk_size: int | Literal["auto"] | None = Field(
        None, description="pairs in memory at once, for batches of any size with the same gradients"
    )
    epochs: int = Field(10, ge=1)
    lr: float = Field(1e-5, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    warmup: float = Field(0.1, ge=0, lt=1, description="share of all steps in which the learning rate rises")
    train_metrics: bool = Field(False, description="recall on (at most 5,000 of) the training images as well")
    pool_size: int = Field(90, ge=2, description="pairs in one retrieval pool")

    @property
    def weight_settings(self) -> WeightSettings:
        """Settings of how the weights are read."""
        return WeightSettings(**{name: getattr(self, name) for name in NAMES})

    @model_validator(mode="before")
    @classmethod
    def _model_may_carry_its_weights(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not isinstance(given.get("model"), str):
            return given
        model, pretrained = split_model(given["model"])
        other = given.get("pretrained")
        if brings_weights(model) and other is not None:
            raise ValueError(f"model {model} brings its weights: expected no pretrained, got {other}")
        if pretrained is None:
            return given
        if other not in (None, pretrained):
            raise ValueError(
                f"model {given['model']}: expected its weights there or in pretrained, got {other} as well"
            )
        return {**given, "model": model, "pretrained": pretrained}

    @field_validator("image_mean", "image_std", mode="before")
    @classmethod
    def _three_numbers(cls, values: Any) -> Any:
        is_list = isinstance(values, list | tuple) and len(values) == 3
        numbers = is_list and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        if values is not None and not (numbers and all(0 <= value <= 1 for value in values)):
            raise ValueError("expected three numbers of pixels in [0, 1], such as [0.5, 0.5, 0.5]")
        return values

    @field_validator("image_std")
    @classmethod
    def _standard_deviations_divide(cls, values: Triple | None) -> Triple | None:
        if values is not None and 0.0 in values:
            raise ValueError("expected standard deviations above 0")
        return values

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


# The meaning of every setting where it was not written down: today's default, or what EARLIER says.
UNSET: Mapping[str, Any] = MappingProxyType(
    {name: field.get_default(call_default_factory=True) for name, field in TrainingSettings.model_fields.items()}
    | dict(EARLIER)
)
