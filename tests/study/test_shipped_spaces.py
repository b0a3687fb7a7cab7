"""Contract: every space that ships is valid, explains itself, and rehearses."""

import itertools
from pathlib import Path

import pytest

from gap.models.adapters import METHODS
from gap.training.config import TrialConfig
from study.searcher import first_parameters
from study.space_file import SPACES, find_space, load_space
from study.trainable import trial_parameters, trial_settings

SHIPPED = sorted(SPACES.glob("*.yaml"))


def test_the_spaces_of_the_design_are_there() -> None:
    names = {path.stem for path in SHIPPED}
    assert {"arasaac_es", "arasaac_en", "mscoco", "pictograms_es", "thesis_es", "thesis_en"} <= names


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_space_opens_with_question_command_cost_expectation(path: Path) -> None:
    head = "".join(itertools.takewhile(lambda line: line.startswith("#"), path.read_text().splitlines()))
    assert [head.find(word) >= 0 for word in ("# Question:", "# Command:", "# Cost:", "# Expected:")] == [True] * 4
    assert f"--space {path.name}" in head


@pytest.mark.parametrize("rehearsal", [False, True])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_queued_trial_can_be_fitted(path: Path, rehearsal: bool) -> None:
    spec = load_space(path, rehearsal=rehearsal)
    fixed = trial_parameters(spec, data=Path("data"), device="cpu")
    for point in spec.enqueue:
        TrialConfig.model_validate(trial_settings({**fixed, **first_parameters(spec.search, [point])}))
    assert len(spec.enqueue) <= spec.trials
    assert (spec.model == "mini") == rehearsal


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_thesis_is_six_combinations_and_no_search(language: str) -> None:
    spec = load_space(find_space(f"thesis_{language}.yaml"))
    assert (list(spec.search), spec.trials, len(spec.enqueue), spec.language) == (["terms"], 6, 6, language)


def test_the_thesis_on_photographs_is_measured_on_training_images_too() -> None:
    spec = load_space(find_space("thesis_mscoco.yaml"))
    assert [point["terms"] for point in spec.enqueue] == ["ce", "ce+orthogonal_intra"]
    assert (spec.dataset, spec.trials, spec.train_metrics) == ("mscoco", 2, True)


def test_every_technique_is_compared_with_and_without_checkpointing() -> None:
    spec = load_space(find_space("techniques.yaml"))
    compared = {(point["method"], point["gradient_checkpointing"]) for point in spec.enqueue}
    assert compared == set(itertools.product(METHODS, (False, True)))
    assert len(spec.enqueue) == spec.trials
    assert spec.fresh_processes
