import pytest

from gap.errors import UserError
from study.arguments import parse_arguments
from study.overrides import overrides, parse_changes


def given(*arguments: str) -> dict[str, object]:
    return overrides(parse_arguments(["--space", "s.yaml", *arguments]))


def test_options_win_over_set() -> None:
    assert given() == {}
    assert given("--set", "epochs=3", "--epochs", "4", "--seed", "0", "--trials", "0") == {
        "epochs": 4,
        "seed": 0,
        "trials": 0,
    }


def test_a_model_may_carry_its_weights() -> None:
    assert given("--model", "mini") == {"model": "mini", "pretrained": None}
    assert given("--model", "ViT-B-32:/a/b:c.pt") == {"model": "ViT-B-32", "pretrained": "/a/b:c.pt"}
    assert given("--model", "local-dir:/a/b:c") == {"model": "local-dir:/a/b:c", "pretrained": None}
    assert given("--model", "hf-hub:lab/clip") == {"model": "hf-hub:lab/clip", "pretrained": None}


def test_values_are_yaml_and_numbers_in_scientific_form_are_numbers() -> None:
    changes = parse_changes(["lr=1e-5", "rank={choices: [2, 4]}", "pretrained=null", "terms=ce", "beta=-1"])
    assert changes == {"lr": 1e-5, "rank": {"choices": [2, 4]}, "pretrained": None, "terms": "ce", "beta": -1}


@pytest.mark.parametrize("change", ["rank", "=4", "rank=[1,"])
def test_what_is_no_change_is_named(change: str) -> None:
    with pytest.raises(UserError, match="--set"):
        parse_changes([change])


@pytest.mark.parametrize("value", ["&a [*a]", "[" * 30, "!!python/name:os.system", "2001-99-99", "\x01"])
def test_values_have_the_limits_of_a_file(value: str) -> None:
    with pytest.raises(UserError, match=r"^--set search:?.*: not (read|valid YAML): ") as caught:
        parse_changes([f"search={value}"])
    assert "\n" not in str(caught.value)
