"""The two kinds of search dimension that a space can hold, each giving its own Optuna distribution.

A dimension may carry ``default``, the value that the first, enqueued trials take, and ``when``, the loss terms of which
at least one must be in a trial for the dimension to mean anything: a dimension that cannot change the loss is not
suggested at all, so that the sampler never learns from noise.
"""

from typing import Annotated, Any, Literal

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self


class _Dimension(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    when: tuple[str, ...] = ()

    @field_validator("when", mode="before")
    @classmethod
    def _one_name_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def applies(self, terms: str) -> bool:
        """Say whether a trial with these loss terms (``ce+variance``) has a use for this dimension."""
        return not self.when or not set(self.when).isdisjoint(terms.split("+"))


class Range(_Dimension):
    """A number between ``low`` and ``high``, both included; ``type: int`` for a whole one."""

    type: Literal["float", "int"] = "float"
    low: float
    high: float
    log: bool = False
    step: float | None = Field(None, gt=0)
    default: float | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low must be less than high, got low {self.low} and high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range starts above 0, got low {self.low}")
        if self.log and self.step is not None:
            raise ValueError("a logarithmic range has no step")
        if self.default is not None and not self.low <= self.default <= self.high:
            raise ValueError(f"default {self.default} lies outside [{self.low}, {self.high}]")
        fractions = [v for v in (self.low, self.high, self.step, self.default) if v is not None and v != int(v)]
        if self.type == "int" and fractions:
            raise ValueError(f"type int takes whole numbers, got {fractions[0]}")
        return self

    def contains(self, value: object) -> bool:
        """Say whether a trial may take this value."""
        number = isinstance(value, int if self.type == "int" else (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high  # type: ignore[operator]

    def extremes(self) -> tuple[float, ...]:
        """Give the values that have to be valid for all between them to be."""
        return (int(self.low), int(self.high)) if self.type == "int" else (self.low, self.high)

    def distribution(self) -> FloatDistribution | IntDistribution:
        """Build the Optuna distribution."""
        if self.type == "int":
            return IntDistribution(int(self.low), int(self.high), log=self.log, step=int(self.step or 1))
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)


class Choices(_Dimension):
    """One of a list of values."""

    choices: Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]
    default: bool | int | float | str | None = None

    @model_validator(mode="after")
    def _choices_are_distinct(self) -> Self:
        if len(set(self.choices)) != len(self.choices):
            raise ValueError(f"choices must be distinct, got {list(self.choices)}")
        if self.default is not None and self.default not in self.choices:
            raise ValueError(f"default {self.default!r} is not among the choices {list(self.choices)}")
        return self

    def contains(self, value: object) -> bool:
        """Say whether a trial may take this value."""
        return value in self.choices

    def extremes(self) -> tuple[bool | int | float | str, ...]:
        """Give the values that have to be valid: all."""
        return self.choices

    def distribution(self) -> CategoricalDistribution:
        """Build the Optuna distribution."""
        return CategoricalDistribution(self.choices)


Dimension = Range | Choices
