import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import ROOT, on_small_disk

from gap.errors import UserError
from study.results_dir import check_free, check_writable, make_directory, study_directory


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


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    check_writable(tmp_path / "results" / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot make the results directory .*: .*file is a file"):
        check_writable(tmp_path / "file" / "new")


READ_ONLY = """\
import sys
from pathlib import Path
from gap.errors import UserError
from study.lock import study_lock
from study.results_dir import check_writable, make_directory
place = Path(sys.argv[1])
new = place / "new"
for call in (lambda: check_writable(new), lambda: make_directory(new, {}), lambda: study_lock(place).__enter__()):
    try:
        call()
    except UserError as error:
        print(error)
"""


# After the imports: nobody may not read Python's own modules everywhere.
AS_NOBODY = READ_ONLY.replace("place = ", "import os; os.setgid(65534); os.setuid(65534)\nplace = ")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk as Linux does")
def test_a_read_only_disk(tmp_path: Path) -> None:
    told = on_small_disk([sys.executable, "-c", READ_ONLY, str(tmp_path)], tmp_path, options=",ro").splitlines()
    assert told == [
        f"cannot write to the results directory {tmp_path / 'new'}: {tmp_path} is read-only, or not yours",
        f"cannot make the results directory {tmp_path / 'new'}: Read-only file system",
        f"cannot write to the results directory {tmp_path}: Read-only file system",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_mode & 0o077 == 0 and place.owner() == "root":
            place.chmod(0o755)  # pytest keeps its own to itself
    command = [sys.executable, "-c", AS_NOBODY, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.splitlines() == [
        f"cannot write to the results directory {tmp_path / 'new'}: {tmp_path} is read-only, or not yours",
        f"cannot make the results directory {tmp_path / 'new'}: Permission denied",
        f"cannot write to the results directory {tmp_path}: Permission denied",
    ], done.stderr
