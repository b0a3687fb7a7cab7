"""``study.json``: all that is needed to know what a study was, and to run it again."""

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from gap.data import PairDataset
from gap.data.whole_files import replace_file
from gap.metrics import VERSION
from study.space import StudySpec

PACKAGES = (
    "clip-modality-gap", "torch", "open_clip_torch", "timm", "transformers", "peft", "ray", "optuna", "numpy", "pandas",
)  # fmt: skip


def describe_study(
    spec: StudySpec,
    *,
    space: Path,
    profile: str,
    device: str,
    data: Path,
    dataset: PairDataset,
    edition: str | None = None,
    source: Path | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Collect the resolved configuration, versions, hardware, data and split hashes, and the commit.

    ``edition`` is the name of what was downloaded, where there is one; ``source`` is the user's own copy of the data,
    if they were read from there; ``notes`` is what else is to be kept of the data, as ``data_notes`` gives it.
    """
    return {
        "space": space.name,
        "profile": profile,
        "started": now(),
        "spec": spec.model_dump(mode="json"),
        "data": {
            "path": str(data),
            "source": str(source.resolve()) if source else None,
            "name": dataset.name,
            "edition": edition,
            "language": dataset.language,
            "train": len(dataset.train),
            "test": len(dataset.test),
            "skipped": len(dataset.skipped),
            "data_hash": dataset.data_hash,
            "split_hash": dataset.split_hash,
            "licence": dataset.licence,
            **(notes or {}),
        },
        "hardware": describe_hardware(device),
        "versions": {
            "metrics": VERSION,
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "git_commit": git_commit(Path(__file__).resolve().parents[1]),
    }


def describe_hardware(device: str) -> dict[str, Any]:
    """Name the processor and, if it is used, the GPU."""
    gpu = torch.cuda.get_device_name() if device == "cuda" else None
    return {"device": device, "gpu": gpu, "cpus": os.cpu_count(), "machine": platform.machine()}


def git_commit(repository: Path) -> str | None:
    """Give the commit of the code that runs, with ``+changes`` if files differ from it; None without a repository."""
    try:
        commit = _git(repository, "rev-parse", "HEAD")
        return f"{commit}+changes" if _git(repository, "status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def now() -> str:
    """Give the time in UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write all of it or nothing."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
