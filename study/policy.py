"""How a space says who proposes trials, which are stopped early, and which epoch of a trial counts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import Self

from study.samplers import SAMPLERS, check_options

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SamplerChoice(BaseModel):
    """A sampler by its name, with options that Optuna's class of it takes.

    >>> SamplerChoice(name="nsga2", options={"population_size": 10}).name
    'nsga2'
    """

    model_config = _STRICT

    name: str = Field("tpe", description=", ".join(SAMPLERS))
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sampler_is_known(self) -> Self:
        check_options(self.name, self.options)
        return self


class EarlyStopping(BaseModel):
    """MO-ASHA's settings: see ``study.scheduling``."""

    model_config = _STRICT

    reduction_factor: float = Field(3.0, gt=1, description="one trial in so many goes on past a rung")
    grace_epochs: int = Field(1, ge=1, description="the first rung: no trial is stopped before")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _switched(value: Any) -> Any:
    # YAML reads a bare off as false, and on as true.
    if isinstance(value, (bool, str)) and value not in (False, True, "off", "on"):
        raise ValueError("expected off, on, or reduction_factor and grace_epochs")
    return None if value in (False, "off") else {} if value in (True, "on") else value


Sampler = Annotated[SamplerChoice, BeforeValidator(_named)]
Stopping = Annotated[EarlyStopping | None, BeforeValidator(_switched)]
CountingEpoch = Literal["final"] | dict[str, float]
