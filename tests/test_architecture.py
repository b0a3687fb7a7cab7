"""Imports go one way: the science knows nothing of the experiment, the formulas nothing of anything else."""

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# what the files of a folder may import of the project besides themselves
ALLOWED = {
    "gap/classification": {"gap.errors"},
    "gap/losses": {"gap.errors"},
    "gap/metrics": {"gap.errors"},
    "gap/geometry": {"gap.errors"},
    "gap/posthoc": {"gap.errors"},
    "gap/models": {"gap.errors", "gap._torchvision_ops"},
    "gap/data": {"gap.errors"},
    # it looks at data as a model and the metrics see them; the rest of gap/data does not know it, but for its command
    "gap/data/checking": {"gap.errors", "gap.data", "gap.models", "gap.metrics"},
    "gap/training": {"gap.errors", "gap.models", "gap.losses", "gap.metrics", "gap.data"},
    "study/scheduling": {"study.front", "study.naming"},
    "study": {"gap"},
}


def project_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def is_inside(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_go_one_way(folder: str) -> None:
    allowed = ALLOWED[folder] | {folder.replace("/", ".")}
    inner = [ROOT / other for other in ALLOWED if other.startswith(f"{folder}/")]  # with a line of their own
    files = [path for path in (ROOT / folder).rglob("*.py") if not any(path.is_relative_to(one) for one in inner)]
    assert files
    for path in files:
        ours = {name for name in project_imports(path) if is_inside(name, {"gap", "study"})}
        assert {name for name in ours if not is_inside(name, allowed)} == set(), path


def test_the_science_needs_neither_scheduler_nor_optimiser() -> None:
    for path in (ROOT / "gap").rglob("*.py"):
        assert not {name for name in project_imports(path) if is_inside(name, {"ray", "optuna", "study"})}, path


def test_no_file_of_study_hides_another_module() -> None:
    # `python study/run.py` puts study/ first on sys.path.
    taken = set(sys.stdlib_module_names) | set(packages_distributions())
    assert not {path.stem for path in (ROOT / "study").glob("*.py")} & (taken - {"__init__", "study"})


def test_data_are_prepared_without_what_checks_them() -> None:
    for path in (ROOT / "gap" / "data").rglob("*.py"):
        if path.name != "__main__.py" and "checking" not in path.parts:
            assert not {name for name in project_imports(path) if is_inside(name, {"gap.data.checking"})}, path
