from pathlib import Path

import pytest

from study.profiles import banner, load_profile, resolve_profile
from study.space_file import SPACES, load_space

ARASAAC = SPACES / "arasaac_es.yaml"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("gpu", "profile"), [(True, "study"), (False, "rehearsal")])
def test_auto_asks_for_a_gpu(monkeypatch: pytest.MonkeyPatch, gpu: bool, profile: str) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    assert resolve_profile("auto") == profile
    assert resolve_profile("rehearsal") == "rehearsal"


def test_a_study_changes_nothing() -> None:
    assert load_profile(ARASAAC, "study", {}, None) == load_space(ARASAAC)


def test_a_rehearsal_takes_the_bundled_pictograms_only_where_the_own_data_is_missing(tmp_path: Path) -> None:
    assert load_profile(ARASAAC, "rehearsal", {}, None).dataset == "pictograms"
    given = load_profile(ARASAAC, "rehearsal", {}, tmp_path)
    assert (given.dataset, given.model, given.language) == ("arasaac", "mini", "es")


def test_a_rehearsal_that_stands_in_speaks_its_own_language(tmp_path: Path) -> None:
    space = tmp_path / "french.yaml"
    space.write_text(
        "dataset: arasaac\nlanguage: fr\nprompt: 'Photo : {}'\n"
        "rehearsal: {model: mini, dataset: pictograms, language: en, prompt: null}\n"
    )
    spec = load_profile(space, "rehearsal", {}, None)
    assert (spec.dataset, spec.language, spec.prompt) == ("pictograms", "en", None)
    given = load_profile(space, "rehearsal", {}, tmp_path)
    assert (given.dataset, given.language, given.prompt, given.model) == ("arasaac", "fr", "Photo : {}", "mini")
    assert "language en instead of fr" in str(banner("rehearsal", spec, load_space(space), "cpu"))


def test_options_win_over_the_rehearsal() -> None:
    spec = load_profile(ARASAAC, "rehearsal", {"trials": 3, "model": "tiny", "dataset": "arasaac"}, None)
    assert (spec.trials, spec.model, spec.dataset) == (3, "tiny", "arasaac")


def test_the_banner_says_what_is_not_the_study() -> None:
    own = load_space(ARASAAC)
    text = banner("rehearsal", load_profile(ARASAAC, "rehearsal", {}, None), own, "cpu")
    assert text is not None
    for part in ("REHEARSAL", "No CUDA GPU", "mini instead of ViT-L-14", "pictograms instead of arasaac"):
        assert part.casefold() in text.casefold()
    assert banner("study", own, own, "cuda") is None
    assert "very long" in str(banner("study", own, own, "cpu"))
