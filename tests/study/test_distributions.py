import optuna
import pytest
from pydantic import ValidationError

from study.distributions import Choices, Range


def test_each_dimension_gives_its_optuna_distribution() -> None:
    assert Range(low=0, high=2).distribution() == optuna.distributions.FloatDistribution(0.0, 2.0)
    assert Range(low=0.1, high=2, log=True).distribution() == optuna.distributions.FloatDistribution(0.1, 2, log=True)
    assert Range(type="int", low=4, high=32).distribution() == optuna.distributions.IntDistribution(4, 32)
    assert Choices(choices=(4, 8)).distribution() == optuna.distributions.CategoricalDistribution((4, 8))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"low": 2, "high": 1}, "low must be less than high, got low 2.0 and high 1.0"),
        ({"low": 1, "high": 1}, "low must be less than high"),
        ({"low": 0, "high": 1, "log": True}, "a logarithmic range starts above 0"),
        ({"low": 1, "high": 2, "log": True, "step": 0.5}, "a logarithmic range has no step"),
        ({"low": 0, "high": 1, "default": 3}, r"default 3.0 lies outside \[0.0, 1.0\]"),
        ({"low": 0.5, "high": 2, "type": "int"}, "type int takes whole numbers, got 0.5"),
        ({"low": float("nan"), "high": 1}, "finite"),
        ({"low": 0, "high": 1, "hihg": 2}, "hihg"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Range.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"choices": []}, "at least 1 item"),
        ({"choices": ["ce", "ce"]}, "choices must be distinct"),
        ({"choices": [4, 8], "default": 16}, "default 16 is not among the choices"),
    ],
)
def test_choices_that_make_no_sense_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Choices.model_validate(fields)


def test_a_dimension_applies_where_one_of_its_terms_is_in_the_trial() -> None:
    beta = Range(low=-1, high=1, when="variance")
    assert beta.applies("ce+variance")
    assert not beta.applies("ce+antipodal_intra")
    assert Range(low=-1, high=1).applies("ce")
