from pathlib import Path

import pytest

from gap.errors import UserError
from study.results_dir import check_free, make_directory, study_directory


def test_a_rehearsal_has_its_own_directory() -> None:
    assert study_directory(Path("r"), "a", "study") == Path("r/a")
    assert study_directory(Path("r"), "a", "rehearsal") == Path("r/a-rehearsal")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "a/b",
        "/etc",
        ".ray",
        "../../x",
        "a\x00b",
        "CON",
        "nul.txt",
        "x" * 200,
        "-x",
        "a\\b",
        "a\nb",
        "a\x1b[0m",
        "a.",
    ],
)
def test_a_name_is_not_a_path(name: str) -> None:
    with pytest.raises(UserError, match="--name: expected a plain directory name"):
        study_directory(Path("r"), name, "study")


def test_an_old_study_is_moved_not_removed(tmp_path: Path) -> None:
    first = make_directory(tmp_path / "a", {"run": 1})
    (first / "pareto.csv").write_text("old")
    with pytest.raises(UserError, match=r"exists: --resume .*/a goes on with it"):
        check_free(tmp_path / "a", overwrite=False)
    check_free(tmp_path / "a", overwrite=True)
    second = make_directory(tmp_path / "a", {"run": 2})
    assert [path.name for path in second.iterdir()] == ["study.json"]
    moved = [path for path in tmp_path.iterdir() if path.name.startswith("a.")]
    assert [(path / "pareto.csv").read_text() for path in moved] == ["old"]


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot make the results directory"):
        make_directory(tmp_path / "file" / "a", {})
