import json
from pathlib import Path

import pytest

from gap.errors import UserError
from study.open_trial import BASELINE, load_trial, study_dataset, study_spec


def test_a_study_without_results_or_data_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no study"):
        study_dataset(tmp_path)
    (tmp_path / "study.json").write_text(
        json.dumps({"spec": {}, "data": {"data_hash": "x", "path": str(tmp_path / "gone")}})
    )
    with pytest.raises(UserError, match="has left the cache"):
        study_dataset(tmp_path)


def test_the_baseline_needs_no_adapter(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"spec": {"model": "tiny", "pretrained": None}}))
    clip, wrapped = load_trial(tmp_path, BASELINE)
    assert (clip.name, wrapped) == ("tiny", None)


def test_a_study_that_names_no_scaling_was_made_with_scaling_rank(tmp_path: Path) -> None:
    for settings, expected in (({}, "rank"), ({"scaling": "rslora"}, "rslora")):
        (tmp_path / "study.json").write_text(json.dumps({"spec": settings}))
        assert study_spec(tmp_path)["scaling"] == expected
