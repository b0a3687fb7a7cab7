import json
from pathlib import Path
from typing import Any

import pytest

from gap.errors import UserError
from gap.metrics import VERSION
from study.resume import check_metrics, check_record, read_about

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


@pytest.mark.parametrize("versions", [None, {}, {"metrics": "1"}, {"torch": "2.13.0"}])
def test_trials_of_another_version_of_the_metrics_are_not_joined(tmp_path: Path, versions: Any) -> None:
    about = {"versions": versions, "git_commit": "abc"} if versions is not None else {"git_commit": "abc"}
    check_metrics(tmp_path, about)  # nothing was measured yet
    (tmp_path / "epochs.csv").write_text("trial_id\nt000\n")
    expected = (
        rf"^--resume {tmp_path}: its trials were measured by version 1 of the metrics, and this is version {VERSION}"
    )
    with pytest.raises(UserError, match=expected) as caught:
        check_metrics(tmp_path, about)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("commit abc")
    check_metrics(tmp_path, {"versions": {"metrics": VERSION}})
