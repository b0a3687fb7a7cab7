"""A search space in YAML, validated into a ``StudySpec``.

Every error is one line: the file, the line in it, what was expected and what was got.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from typing_extensions import Self

from gap.data import DATASETS
from gap.data.prompts import check_prompt, default_prompt
from gap.data.records import check_language
from gap.errors import UserError, unknown
from gap.losses import TERMS, parse_terms
from gap.metrics import METRICS
from gap.models.weight_settings import NAMES as WEIGHT_SETTINGS
from gap.training.settings import TrainingSettings
from study.conditions import Condition, parse_condition
from study.distributions import Choices, Dimension
from study.front import Direction
from study.grid import grid_points
from study.policy import CountingEpoch, EarlyStopping, Sampler, SamplerChoice, Stopping
from study.results import COSTS

MEASURED = (*METRICS, *COSTS)
# One study compares trials of one model by one measure.
NOT_SEARCHED = {"weights", "model", "pretrained", *WEIGHT_SETTINGS, "pool_size", "train_metrics"}
WEIGHT_PREFIX = "weight_"  # the parameter weight_<term> is the weight of that loss term


class StudySpec(TrainingSettings):
    """One study: fixed training settings, the dimensions searched, the trials that come first, the objectives."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    dataset: str = Field(description=", ".join(DATASETS))
    language: str = Field("en", validate_default=True, description="of the captions: one of the dataset's")
    prompt: str | None = Field(
        None, validate_default=True, description="what captions are put into, such as 'Una imagen de {}'"
    )
    trials: int = Field(20, ge=1)
    seed: int = Field(0, ge=0)
    objectives: dict[str, Direction] = Field({"recall_at_1": "max", "modality_gap": "min"}, min_length=1)
    search: dict[str, Dimension] = Field(default_factory=dict)
    enqueue: tuple[dict[str, bool | int | float | str], ...] = ()
    keep_adapters: Literal["front", "all"] = Field("front", description="whose adapters stay: the front's or all")
    fresh_processes: bool = Field(False, description="a new process for each trial, to compare memory on a CPU")
    sampler: Sampler = SamplerChoice(name="tpe")
    constraints: tuple[str, ...] = Field((), description="such as recall_at_10 >= 70: others are not on the front")
    early_stopping: Stopping = EarlyStopping(reduction_factor=3.0, grace_epochs=1)
    objective_epoch: CountingEpoch = Field("final", description="or the weights of metrics whose sum is to be greatest")
    reference: dict[str, float] = Field(default_factory=dict, description="hypervolume is measured from here")
    patience: int | None = Field(None, ge=1, description="trials without a larger hypervolume that end the study")
    hours: float | None = Field(None, gt=0, description="of one run of the command")
    max_failed_share: float = Field(0.5, ge=0, le=1, description="of trials that ended; more ends the study")
    restarts: int = Field(2, ge=0, description="how often a trial whose process died goes on")
    replicates: int = Field(0, ge=0, description="runs of every trial of the front with other seeds, for error bars")
    rehearsal: dict[str, Any] = Field(default_factory=dict, description="what changes on a machine without a GPU")

    @property
    def all_terms(self) -> list[str]:
        """Every loss term that some trial may use, in the order of the registry."""
        searched = self.search.get("terms")
        used = [str(terms) for terms in searched.choices] if isinstance(searched, Choices) else [self.terms]
        return [term for term in TERMS if any(term in parse_terms(terms) for terms in used)]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The constraints, read."""
        return tuple(parse_condition(text, MEASURED) for text in self.constraints)

    @field_validator("dataset")
    @classmethod
    def _dataset_is_known(cls, dataset: str) -> str:
        return known("dataset", dataset, DATASETS)

    @field_validator("language")
    @classmethod
    def _dataset_has_the_language(cls, language: str, info: ValidationInfo) -> str:
        if dataset := info.data.get("dataset"):
            check_language(dataset, DATASETS[dataset], language)
        return language

    @field_validator("prompt")
    @classmethod
    def _captions_have_a_prompt(cls, prompt: str | None, info: ValidationInfo) -> str | None:
        dataset, language = info.data.get("dataset"), info.data.get("language")
        try:
            if prompt is not None:
                check_prompt(prompt)
            elif dataset and language and DATASETS[dataset].languages is not None:
                default_prompt(language)
        except UserError as error:  # where it stands and what was got are said for every setting alike
            message = str(error).removeprefix("prompt: ").removesuffix(f", got {prompt!r}")
            raise ValueError(message) from error
        return prompt

    @field_validator("objectives")
    @classmethod
    def _objectives_are_metrics(cls, objectives: dict[str, Direction]) -> dict[str, Direction]:
        for name, direction in objectives.items():
            better = better_direction(known("objective", name, MEASURED))
            if better not in (None, direction):
                word = "larger" if better == "max" else "smaller"
                raise ValueError(f"{name} is better when it is {word}: expected {better}, got {direction}")
        return objectives

    @field_validator("constraints")
    @classmethod
    def _constraints_can_be_read(cls, constraints: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(parse_condition(text, MEASURED)) for text in constraints)

    @field_validator("objective_epoch")
    @classmethod
    def _scalarisation_is_of_metrics(cls, counting: CountingEpoch) -> CountingEpoch:
        if isinstance(counting, dict):
            if not counting:
                raise ValueError("expected final, or metrics with their weights")
            return {known("metric", name, METRICS): weight for name, weight in counting.items()}
        return counting

    @model_validator(mode="after")
    def _costs_have_a_reference(self) -> Self:
        for name in (*self.reference, *(name for name in self.objectives if name in COSTS)):
            known("reference of objective", name, self.objectives)
            if name not in self.reference:
                raise ValueError(
                    f"objective {name} has no value before training to measure the hypervolume from: give "
                    f"reference: {{{name}: 600}}, a value that no good trial exceeds"
                )
        return self

    @model_validator(mode="after")
    def _searched_names_are_settings(self) -> Self:
        settings = set(TrainingSettings.model_fields) - NOT_SEARCHED
        for name, dimension in self.search.items():
            if name.startswith(WEIGHT_PREFIX):
                known("loss term", name.removeprefix(WEIGHT_PREFIX), TERMS)
            else:
                known("search parameter", name, settings)
            for term in dimension.when:
                known("loss term", term, TERMS)
        return self

    @model_validator(mode="after")
    def _searched_values_are_valid(self) -> Self:
        fixed = {name: getattr(self, name) for name in TrainingSettings.model_fields}
        parse_terms(self.terms)
        for name, dimension in self.search.items():
            for value in dimension.extremes() if not name.startswith(WEIGHT_PREFIX) else ():
                if name == "precision" and value == "auto":
                    raise ValueError("searched precision: auto is settled before the search: name fp32 or bf16")
                try:
                    TrainingSettings.model_validate({**fixed, name: value})
                except ValidationError as error:
                    message = error.errors()[0]["msg"]
                    raise ValueError(f"searched {name}: {message[0].lower() + message[1:]}, got {value!r}") from error
                if name == "terms":
                    parse_terms(str(value))
        return self

    @model_validator(mode="after")
    def _a_grid_can_be_counted(self) -> Self:
        if self.sampler.name == "grid":
            grid_points(self.search, terms=self.terms, seed=self.seed)
        return self

    @model_validator(mode="after")
    def _enqueued_values_lie_in_the_space(self) -> Self:
        for point in self.enqueue:
            for name, value in point.items():
                if name not in self.search:
                    raise ValueError(str(unknown("enqueued parameter", name, self.search)))
                if not self.search[name].contains(value):
                    raise ValueError(f"enqueued {name} {value!r} lies outside its dimension")
        return self


def better_direction(name: str) -> Direction | None:
    """Return the better direction of a metric or a cost; None where there is none.

    >>> better_direction("recall_at_1"), better_direction("seconds"), better_direction("text_cone_mean")
    ('max', 'min', None)
    """
    if name in COSTS:
        return COSTS[name]
    higher = METRICS[name].higher_is_better
    return None if higher is None else "max" if higher else "min"


def against_direction(counting: CountingEpoch) -> list[str]:
    """Say which weights of an ``objective_epoch`` prefer an epoch whose metric is worse, a line each.

    >>> against_direction({"recall_at_1": 1.0, "modality_gap": 2.0})
    ['objective_epoch: modality_gap has the weight 2, so epochs with a larger one count, though smaller is better']
    >>> against_direction({"recall_at_1": 1.0, "modality_gap": -2.0}), against_direction("final")
    ([], [])
    """
    words = {"max": ("smaller", "larger"), "min": ("larger", "smaller")}
    weights = counting if isinstance(counting, dict) else {}
    return [
        f"objective_epoch: {name} has the weight {weight:g}, so epochs with a {words[better][0]} one count, though "
        f"{words[better][1]} is better"
        for name, weight in weights.items()
        if (better := better_direction(name)) and weight * (1 if better == "max" else -1) < 0
    ]


def known(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Return a name that is among the allowed ones, or raise the error that lists them.

    >>> known("loss term", "ce", ["ce", "siglip"])
    'ce'
    """
    if name not in (names := list(allowed)):
        raise unknown(kind, name, names)
    return name
