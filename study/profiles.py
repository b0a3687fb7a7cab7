"""The same command everywhere: the study where a GPU is, the space's rehearsal where none is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gap.data import is_at_hand
from study.space import StudySpec
from study.space_file import load_space


def resolve_profile(asked: str) -> str:
    """Turn ``auto`` into ``study`` on a CUDA GPU and into ``rehearsal`` elsewhere.

    >>> resolve_profile("study")
    'study'
    """
    if asked == "auto":
        return "study" if torch.cuda.is_available() else "rehearsal"
    return asked


def load_profile(space: Path, profile: str, overrides: Mapping[str, Any], data_dir: Path | None) -> StudySpec:
    """Load a space under a profile.

    A rehearsal's ``dataset``, with its language and prompt, stands in only where the space's own is neither given
    (``data_dir``) nor cached.
    """
    if profile == "study":
        return load_space(space, overrides)
    spec = load_space(space, overrides, rehearsal=True)
    own = load_space(space, overrides)
    if spec.dataset != own.dataset and is_at_hand(own.dataset, data_dir=data_dir):
        kept = {name: getattr(own, name) for name in ("dataset", "language", "prompt")}
        return load_space(space, {**overrides, **kept}, rehearsal=True)
    return spec


def banner(profile: str, spec: StudySpec, own: StudySpec, device: str) -> str | None:
    """Say in one paragraph how what runs differs from what the space describes; None when it does not."""
    if profile == "study":
        return None if device == "cuda" else "No CUDA GPU found: the study runs on the CPU, which takes very long."
    shown = {
        name: (getattr(own, name), getattr(spec, name))
        for name in ("model", "dataset", "language", "epochs", "trials", "batch_size", "lr")
        if getattr(own, name) != getattr(spec, name)
    }
    changes = ", ".join(f"{name} {new} instead of {old}" for name, (old, new) in shown.items())
    reason = "" if device == "cuda" else "No CUDA GPU found. "
    return f"REHEARSAL. {reason}{f'Here: {changes}' if changes else 'Nothing changes'}. " + (
        "Every part of the study runs, but its figures say nothing about the study's own model."
    )
