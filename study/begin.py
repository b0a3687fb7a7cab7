"""What is to be run: a new study, or one that began earlier. Nothing is written here."""

import argparse
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gap.data import PairDataset, open_dataset, prepare
from gap.errors import UserError, visible
from gap.metrics import VERSION
from gap.models.at_hand import check_weights
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.weight_settings import absolute
from study.checkpoints import checked_path
from study.data_notes import data_notes
from study.first_data import edition, first_data
from study.lock import study_lock
from study.open_trial import check_says_how
from study.overrides import overrides
from study.precision import settle_precision
from study.profiles import banner, load_profile, resolve_profile
from study.provenance import describe_study, now
from study.results_dir import check_free, check_writable, study_directory
from study.resume import check_metrics, check_record, read_about, resumed_spec
from study.same_data import check_caption_rule, same_dataset
from study.space import StudySpec
from study.space_file import find_space, load_space

HIDDEN = "***"  # SQLAlchemy's stand-in for a password


@dataclass(frozen=True)
class Study:
    """What is to be run and where; ``about`` is what ``study.json`` holds, ``storage`` a database's URL or None."""

    spec: StudySpec
    profile: str
    device: str
    directory: Path
    data: Path
    dataset: PairDataset
    storage: str | None
    about: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for: a space under a profile, on the device that is here.

    ``own`` is the space as it stands; ``data_dir`` is the user's copy of the dataset that ``spec`` reads, if any.
    """

    space: Path
    spec: StudySpec
    own: StudySpec
    profile: str
    device: str
    directory: Path
    data_dir: Path | None


def wanted(arguments: argparse.Namespace, console: Console) -> Wanted:
    """Resolve the command line. Prints the banner of a rehearsal. Raises ``UserError``."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    space, changes = find_space(arguments.space), overrides(arguments)
    profile = resolve_profile(arguments.profile)
    own = load_space(space, changes)
    directory = study_directory(arguments.results_dir, arguments.name or space.stem, profile)
    if not arguments.dry_run:
        check_free(directory, overwrite=arguments.overwrite)
        check_writable(directory)
    may_ask = profile == "study" and not arguments.dry_run
    first_data(own, console, data_dir=arguments.data_dir, wanted=arguments.download, may_ask=may_ask)
    spec = load_profile(space, profile, changes, arguments.data_dir)
    if notice := banner(profile, spec, own, device):
        console.print(notice, style="bold yellow", highlight=False, soft_wrap=not console.is_terminal)
    data_dir = arguments.data_dir if spec.dataset == own.dataset else None
    return Wanted(space, spec, own, profile, device, directory, data_dir)


def begin(arguments: argparse.Namespace, console: Console) -> Study:
    """Resolve a new study. Everything that can be wrong with its space, model or data is found here.

    Prints the banner of a rehearsal. Raises ``UserError``.
    """
    asked = wanted(arguments, console)
    space, spec, profile, device, directory = asked.space, asked.spec, asked.profile, asked.device, asked.directory
    model, pretrained = absolute(spec.model, spec.pretrained)
    clip = load_clip(model, pretrained, spec.weight_settings)
    if note := clip.origin.line():
        console.print(note, highlight=False, soft_wrap=True, markup=False)
    spec = with_weights(spec, clip)
    data = prepare(
        spec.dataset, language=spec.language, image_size=clip.image_size, data_dir=asked.data_dir, prompt=spec.prompt
    )
    dataset = open_dataset(data)
    notes = data_notes(spec, clip, dataset)
    say_remarks(notes.remarks, console)
    spec = settle_precision(spec, data=data, device=device, console=console)
    read = edition(spec.dataset, asked.data_dir)
    about = {
        **describe_study(
            spec,
            space=space,
            profile=profile,
            device=device,
            data=data,
            dataset=dataset,
            edition=read,
            source=asked.data_dir,
            notes=notes.numbers,
        ),
        "weights": clip.origin.described(),
        "run_id": uuid.uuid4().hex,
        "optuna_study": directory.name,
        "storage": _without_password(arguments.storage) if arguments.storage else None,
        "storage_path": checked_path(arguments.storage_path) if arguments.storage_path else None,
        "runs": [_this_run(arguments.storage)],
    }
    return Study(spec, profile, device, directory, data, dataset, arguments.storage, about)


def with_weights(spec: StudySpec, clip: Clip) -> StudySpec:
    """Note in a study's settings which weights its model has and how they are read, so that every trial reads them so.

    Files are named by absolute paths and by their sha256. Weights that come with this package need no note.
    """
    origin, named = clip.origin, {"model": clip.name, "pretrained": clip.pretrained}
    if origin.recipe is None:
        return spec
    recipe = origin.recipe
    read = {"quick_gelu": recipe.quick_gelu, "image_mean": recipe.mean, "image_std": recipe.std}
    return spec.model_copy(update={**named, **read, "weights_sha256": origin.sha256})


def say_remarks(remarks: Sequence[str], console: Console) -> None:
    """Print what should be known of the data, a line each."""
    for remark in remarks:
        console.print(visible(remark), style="yellow", markup=False, highlight=False, soft_wrap=True)


def go_on(arguments: argparse.Namespace, console: Console) -> Study:
    """Open a study that began earlier, with new budgets where the command line gives some. Raises ``UserError``."""
    directory, about = arguments.resume.resolve(), read_about(arguments.resume)
    check_writable(directory)
    check_record(directory, about)
    check_metrics(arguments.resume, about)
    with study_lock(directory):  # refused at once if another process has it, before Ray is started
        pass
    check_says_how(about["spec"])
    spec = resumed_spec(about, overrides(arguments))
    check_weights(spec.model, spec.pretrained, spec.weight_settings)
    device = about["hardware"]["device"]
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--resume {arguments.resume}: the study ran on a CUDA GPU, and there is none here")
    storage = arguments.storage or about["storage"]
    if storage and HIDDEN in storage:
        raise UserError(f"--resume {arguments.resume}: give --storage again, study.json does not keep its password")
    runs = [*about["runs"], _this_run(arguments.storage)]
    path = checked_path(arguments.storage_path) if arguments.storage_path else about["storage_path"]
    dataset = same_dataset(directory, about)
    check_caption_rule(directory, about, dataset)
    versions = {**about.get("versions", {}), "metrics": VERSION}
    about = {**about, "spec": spec.model_dump(mode="json"), "versions": versions, "storage_path": path, "runs": runs}
    console.print(f"Going on with {arguments.resume}", highlight=False, soft_wrap=True)
    say_remarks(about["data"].get("remarks", ()), console)
    data = Path(about["data"]["path"])
    return Study(spec, about["profile"], device, directory, data, dataset, storage, about)


def _this_run(storage: str | None) -> dict[str, Any]:
    """Describe this command, without the password that it may name."""
    command = [word.replace(storage, _without_password(storage)) if storage else word for word in sys.argv]
    return {"command": command, "started": now()}


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise UserError(
            f"--storage {url}: expected a database's URL, such as postgresql://user:password@host/name"
        ) from error
