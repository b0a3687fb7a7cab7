from pathlib import Path

import pytest
import torch
from small_study import write_small_study
from torch.nn.functional import normalize

from gap.errors import UserError
from gap.metrics import modality_gap
from study.embeddings import Embeddings, embeddings_path, read_embeddings, trial_embeddings, write_embeddings
from study.open_trial import study_dataset


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("study"))


def some(m: int, n: int) -> Embeddings:
    image_of_text = torch.arange(n) % m
    return Embeddings(
        normalize(torch.randn(m, 8), dim=1), normalize(torch.randn(n, 8), dim=1), torch.arange(m), image_of_text,
        torch.arange(n),
    )  # fmt: skip


@pytest.mark.parametrize(("m", "n"), [(5, 9), (1, 1), (0, 0)])
def test_what_was_written_is_read_back_as_unit_vectors(tmp_path: Path, m: int, n: int) -> None:
    written = some(m, n)
    write_embeddings(tmp_path / "e" / "t000.safetensors", written)
    read = read_embeddings(tmp_path / "e" / "t000.safetensors")
    for name in ("image_features", "text_features"):
        assert torch.allclose(getattr(read, name), getattr(written, name), atol=1e-3)
        assert torch.allclose(getattr(read, name).norm(dim=1), torch.ones(len(getattr(read, name))), atol=1e-6)
    for name in ("rows", "image_of_text", "text_of"):
        assert torch.equal(getattr(read, name), getattr(written, name))


def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "t000.safetensors"
    write_embeddings(path, some(3, 3))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"t000.safetensors holds no embeddings: .*; delete it, and it is made again"):
        read_embeddings(path)


def test_embeddings_that_were_not_kept_are_made_and_kept(study: Path) -> None:
    made = trial_embeddings(study, "t001")
    assert embeddings_path(study, "t001").exists()
    assert torch.allclose(trial_embeddings(study, "t001").text_features, made.text_features, atol=1e-3)
    assert modality_gap(made.image_features, made.text_features) != modality_gap(
        *(getattr(trial_embeddings(study, "baseline"), name) for name in ("image_features", "text_features"))
    )
    dataset = study_dataset(study)
    assert made.captions(dataset) == [text for row in dataset.test for text in dataset.captions[row]]


def test_a_trial_without_an_adapter_has_none(study: Path) -> None:
    with pytest.raises(UserError, match=r"no adapter of t009: expected one of t000, t001"):
        trial_embeddings(study, "t009")
