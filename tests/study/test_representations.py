import dataclasses
from pathlib import Path

import pandas as pd
import pytest
import torch
from small_study import write_small_study

from gap.errors import UserError
from gap.models.load import load_clip
from study.open_trial import study_dataset
from study.representations import OUTPUT, compare, layer_features, main, representations


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("representations"))


@pytest.mark.parametrize("model", ["tiny", "mini"])
def test_a_model_has_the_representations_of_itself(study: Path, model: str) -> None:
    dataset = study_dataset(study)
    layers = layer_features(load_clip(model), dataset, images=6, device=torch.device("cpu"))
    assert list(layers) == ["image", "text"]
    for tower, features in layers.items():
        assert list(features)[-1] == OUTPUT
        assert len({len(values) for values in features.values()}) == 1, tower
    table = compare(layers, layers)
    same = table[table["base_layer"] == table["trial_layer"]]
    assert same["cka"].tolist() == pytest.approx([1.0] * len(same))
    assert table["cka"].between(-1, 1).all()  # unbiased, so below 0 by chance
    matrix = table[table["tower"] == "text"].pivot(index="base_layer", columns="trial_layer", values="cka").to_numpy()
    assert matrix == pytest.approx(matrix.T)
    assert (matrix < 0.999).any()


def test_the_command_writes_layers_and_heat_map(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["representations", str(study)])
    assert main() == 0
    layers, heat = pd.read_csv(study / "layers.csv"), pd.read_csv(study / "layers_heatmap.csv")
    assert layers.groupby(["trial_id", "tower"]).size().tolist() == [4] * 4  # three blocks and the embedding
    assert len(heat) == 2 * 2 * 4 * 4
    assert set(layers["terms"]) == {"ce", "ce+centroid"}
    assert set(layers["profile"]) == {"rehearsal"}
    outputs = layers[layers["name"] == OUTPUT]
    assert (outputs["cka"] < 1 - 1e-6).all()  # training changed the embedding
    assert "CKA with the base, text tower" in capsys.readouterr().out


def test_too_few_captions_that_differ_are_one_line(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = study_dataset(study)
    alike = dataclasses.replace(dataset, captions=[["a bee"]] * len(dataset.captions))
    monkeypatch.setattr("study.representations.study_dataset", lambda directory: alike)
    with pytest.raises(UserError, match=r"expected at least 4 texts that differ to compare, got 1$"):
        representations(study, ["t000"], images=6, device=torch.device("cpu"))


def test_what_cannot_be_compared_is_one_line(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in (
        ([str(tmp_path)], "holds no adapters"),
        ([str(study), "--trial", "t009"], "no adapter of t009: expected one of t000, t001"),
        ([str(study), "--images", "3"], "expected at least 4, got 3"),
    ):
        monkeypatch.setattr("sys.argv", ["representations", *arguments])
        assert main() == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.splitlines()[-1].startswith("error: ")
