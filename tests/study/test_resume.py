import json
from pathlib import Path
from typing import Any

import pytest

from gap.errors import UserError
from study.resume import check_record, read_about, resumed_spec
from study.space import StudySpec

OWN: dict[str, Any] = {"storage": None}


@pytest.mark.parametrize("content", [b"", b'{"spec": {"mod', b"[]", b"{}"])
def test_a_description_that_is_cut_short_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(UserError, match=r"^--resume .*: no study is there, cannot read study\.json") as caught:
        read_about(tmp_path)
    assert "\n" not in str(caught.value)


def test_tables_are_never_made_from_a_record_that_is_gone(tmp_path: Path) -> None:
    check_record(tmp_path, OWN)  # nothing was recorded yet
    (tmp_path / "trials.csv").write_text("trial_id\nt000\n")
    for make in (lambda: None, lambda: (tmp_path / "optuna.db").touch()):
        make()
        with pytest.raises(UserError, match=r"the record of its trials, .*optuna\.db, is gone, and the tables cannot"):
            check_record(tmp_path, OWN)
    check_record(tmp_path, json.loads('{"storage": "postgresql://host/name"}'))
    (tmp_path / "optuna.db").write_bytes(b"SQLite")
    check_record(tmp_path, OWN)


def test_a_study_from_before_there_was_a_scaling_goes_on_as_it_was() -> None:
    described = StudySpec(dataset="pictograms").model_dump(mode="json")
    assert resumed_spec({"spec": described}, {}).scaling == "rslora"
    del described["scaling"]
    assert resumed_spec({"spec": described}, {"trials": 30}).scaling == "rank"
    with pytest.raises(UserError, match="scaling is part of the study and stays as it is"):
        resumed_spec({"spec": described}, {"scaling": "rslora"})
