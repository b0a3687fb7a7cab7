from dataclasses import replace
from pathlib import Path

import pytest

from gap.data import DATASETS
from gap.errors import UserError
from gap.metrics import METRICS
from gap.training.config import TrialConfig
from study.results import COSTS
from study.resume import resumed_spec
from study.space import StudySpec, better_direction
from study.space_file import find_space, load_space
from study.trainable import trial_parameters, trial_settings

GOOD = """\
dataset: pictograms
language: es
epochs: 3
search:
  terms: {choices: [ce, ce+variance], default: ce}
  beta: {low: -1, high: 1, when: variance}
  rank: {choices: [4, 8]}
enqueue:
  - {terms: ce+variance, beta: 1, rank: 8}
rehearsal: {model: mini, epochs: 1}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_space(space: Path) -> None:
    spec = load_space(space)
    assert (spec.epochs, spec.model, list(spec.search)) == (3, "ViT-L-14", ["terms", "beta", "rank"])
    assert spec.objectives == {"recall_at_1": "max", "modality_gap": "min"}


def test_a_rehearsal_changes_what_its_block_names(space: Path) -> None:
    spec = load_space(space, rehearsal=True)
    assert (spec.epochs, spec.model, spec.language) == (1, "mini", "es")


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_dataset_can_be_named(space: Path, name: str) -> None:
    language = "en" if name == "mscoco" else "es"
    assert load_space(space, {"dataset": name, "language": language}).dataset == name


def test_an_override_wins_and_fixes_a_searched_dimension(space: Path) -> None:
    spec = load_space(space, {"rank": 16, "epochs": 7}, rehearsal=True)
    assert (spec.epochs, spec.rank) == (7, 16)
    assert "rank" not in spec.search
    assert "rank" not in spec.enqueue[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("epochs: 3", "epohcs: 3", 3, "unknown setting 'epohcs': did you mean 'epochs'?"),
        ("epochs: 3", "epochs: 0", 3, "epochs: input should be greater than or equal to 1, got 0"),
        ("epochs: 3", "lr: .nan", 3, "lr: .*finite"),
        ("epochs: 3", "chunk_size: 0", 3, "chunk_size: expected a whole number from 1 on, auto or null, got 0$"),
        (
            "epochs: 3",
            "chunk_size: large",
            3,
            "chunk_size: expected a whole number from 1 on, auto or null, got 'large'$",
        ),
        ("rank: {choices: [4, 8]}", "precision: {choices: [fp32, auto]}", 1, "precision: auto is settled before"),
        ("language: es", "language: fr", 2, "language: unknown language of pictograms 'fr': Allowed: en, es, got 'fr'"),
        ("language: es", "language: no", 2, "language: input should be a valid string, got False"),
        ("epochs: 3", "prompt: ''", 3, "prompt: expected a text with one {}, where the words go, got ''$"),
        ("epochs: 3", "prompt: a picture", 3, "prompt: expected a text with one {}, .*, got 'a picture'$"),
        ("epochs: 3", "prompt: 'of {0}'", 3, r"prompt: expected a text with one {}, .*, got 'of \{0\}'$"),
        ("epochs: 3", "prompt: '{} {}'", 3, "prompt: expected a text with one {}, .*, got '{} {}'$"),
        ("epochs: 3", "prompt: 3", 3, "prompt: input should be a valid string, got 3"),
        ("rank: {choices", "rnak: {choices", 4, None),
        ("low: -1, high: 1", "low: 1, high: -1", 6, "low must be less than high"),
        ("rank: 8}", "rank: 5}", 1, "enqueued rank 5 lies outside its dimension"),
        ("rank: 8}", "rnak: 8}", 1, "unknown enqueued parameter 'rnak': did you mean 'rank'?"),
        ("search:", "search: [", 6, "not valid YAML"),
    ],
)
def test_a_fault_is_one_line_that_says_where(space: Path, old: str, new: str, line: int, message: str | None) -> None:
    space.write_text(GOOD.replace(old, new))
    with pytest.raises(UserError, match=message) as caught:
        load_space(space)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(space))
    assert message is None or line == 1 or f"{space}:{line}" in text


def test_captions_in_any_language_of_arasaac(space: Path) -> None:
    def spec(*lines: str) -> StudySpec:
        space.write_text("\n".join(lines))
        return load_space(space)

    assert (spec("dataset: arasaac", "language: fr").language, spec("dataset: arasaac").prompt) == ("fr", None)
    given = spec("dataset: arasaac", "language: sq", 'prompt: "Foto: {}"')
    assert (given.language, given.prompt) == ("sq", "Foto: {}")
    with pytest.raises(UserError, match=r"prompt: expected a text with one {}, .*captions in 'sq' have no default"):
        spec("dataset: arasaac", "language: sq")
    with pytest.raises(UserError, match="language: unknown language of arasaac 'fra': did you mean 'fr'"):
        spec("dataset: arasaac", "language: fra")


def test_whole_captions_are_in_whatever_language_is_said(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(DATASETS["mscoco"], languages=None)
    monkeypatch.setitem(DATASETS, "own", own)
    space.write_text("dataset: own\nlanguage: pt-BR\n")
    assert (load_space(space).language, load_space(space).prompt) == ("pt-BR", None)
    space.write_text("dataset: own\nlanguage: Portuguese\n")
    with pytest.raises(UserError, match="language of own: expected a tag such as en, es or pt-BR, got 'Portuguese'"):
        load_space(space)


def test_a_study_from_before_prompts_goes_on() -> None:
    spec = load_space(find_space("arasaac_es")).model_dump(mode="json")
    assert spec.pop("prompt") is None
    assert resumed_spec({"spec": spec}, {}).prompt is None


def test_a_study_from_before_scaling_goes_on_as_it_began() -> None:
    spec = load_space(find_space("arasaac_es")).model_dump(mode="json")
    assert spec.pop("scaling") == "rslora"
    gone_on = resumed_spec({"spec": spec}, {"trials": 50, "replicates": 2})
    assert gone_on.scaling == "rank"
    for scaling in ("rslora", "alpha"):
        assert resumed_spec({"spec": {**spec, "scaling": scaling}}, {}).scaling == scaling
    # searched trials and the front's re-runs alike take it from here
    fixed = trial_parameters(gone_on, data=Path("data"), device="cpu")
    assert TrialConfig.model_validate(trial_settings({**fixed, "terms": "ce", "rank": 32})).scaling == "rank"


def test_the_scaling_can_be_searched(space: Path) -> None:
    space.write_text("dataset: pictograms\nsearch: {scaling: {choices: [rslora, alpha, rank]}}\n")
    assert load_space(space).search["scaling"].contains("alpha")
    space.write_text("dataset: pictograms\nsearch: {scaling: {choices: [rslora, beta]}}\n")
    with pytest.raises(UserError, match="searched scaling: input should be 'rslora', 'alpha' or 'rank', got 'beta'"):
        load_space(space)


@pytest.mark.parametrize("text", ["", "- a\n", "42\n"])
def test_a_file_that_is_no_mapping(space: Path, text: str) -> None:
    space.write_text(text)
    with pytest.raises(UserError, match="expected a mapping of settings"):
        load_space(space)


def test_a_space_that_does_not_exist_lists_those_that_do(space: Path) -> None:
    with pytest.raises(
        UserError, match=r"unknown search space 'goood.yaml': did you mean 'good.yaml'\? Allowed: good.yaml"
    ):
        find_space("goood", spaces=space.parent)


def test_a_space_is_found_by_name_and_by_path(space: Path) -> None:
    assert find_space("good", spaces=space.parent) == space
    assert find_space("good.yaml", spaces=space.parent) == space
    assert find_space(space) == space


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b", "../" * 2000])
def test_a_space_of_an_odd_name_is_one_line(name: str) -> None:
    with pytest.raises(UserError, match=r"search space|cannot look for it: File name too long") as caught:
        find_space(name)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        ({"modality_gap": "max"}, "modality_gap is better when it is smaller: expected min, got max"),
        (
            {"modality_gap": "min", "recall_at_1": "min"},
            "recall_at_1 is better when it is larger: expected max, got min",
        ),
        ({"full_median_rank_t2i": "max"}, "full_median_rank_t2i is better when it is smaller: expected min"),
        ({"cka_modalities": "min"}, "cka_modalities is better when it is larger: expected max"),
        ({"recall_at_1": "max", "images_per_second": "min"}, "images_per_second is better when it is larger"),
        ({"recall_at_1": "max", "seconds": "max"}, "seconds is better when it is smaller"),
    ],
)
def test_an_objective_against_its_direction_is_refused_with_its_line(
    space: Path, objectives: dict[str, str], message: str
) -> None:
    space.write_text(GOOD + f"objectives: {objectives}\n")
    with pytest.raises(UserError, match=rf"^{space}:11: objectives: {message}") as caught:
        load_space(space)
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=f"^command line: objectives: {message}"):
        load_space(find_space("pictograms_es"), {"objectives": objectives})


@pytest.mark.parametrize("name", [*METRICS, *COSTS])
def test_every_metric_goes_its_own_way_and_one_without_a_better_side_both(space: Path, name: str) -> None:
    better = better_direction(name)
    reference = {name: 1.0} if name in COSTS else {}
    for direction in ("max", "min") if better is None else (better,):
        spec = load_space(space, {"objectives": {name: direction}, "reference": reference})
        assert spec.objectives == {name: direction}
