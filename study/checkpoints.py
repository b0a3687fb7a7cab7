"""Where unfinished trials stand: checkpoints that Ray Tune keeps under its storage path, one folder a leg of the study.

A leg is one run of the command. It leaves ``<storage>/leg-003/t007/checkpoint_000002/`` with the state of the run and
the adapter of the epoch that counts. The storage is a folder of the study, or any path that Ray can write to.
"""

import shutil
from pathlib import Path

from pyarrow.fs import FileSelector, FileSystem, FileType
from safetensors import SafetensorError, safe_open

from gap.errors import UserError
from gap.models.directories import whole_directory
from gap.training.state import read_state

STATE, ADAPTER = "state.pt", "adapter"


def checked_path(path: str) -> str:
    """Make a local path absolute, as Ray wants it; a URI stays. Raises ``UserError`` if nothing can be kept there.

    >>> checked_path("/shared/study"), checked_path("file:///shared/study")
    ('/shared/study', 'file:///shared/study')
    """
    absolute = path if "://" in path else str(Path(path).expanduser().absolute())
    try:
        FileSystem.from_uri(absolute)
    except (OSError, ValueError) as error:  # pyarrow's own errors are among these
        raise UserError(f"--storage-path {path}: {' '.join(str(error).split())[:160]}") from error
    return absolute


class Checkpoints:
    """The checkpoints below one storage path, a local folder or a URI such as ``s3://bucket/study``."""

    def __init__(self, storage: str) -> None:
        self.storage = storage.rstrip("/")
        self._files, self._root = FileSystem.from_uri(self.storage)

    def new_leg(self) -> str:
        """Name the next leg."""
        legs = [int(name.removeprefix("leg-")) for name in self._folders(self._root) if name.startswith("leg-")]
        return f"leg-{max(legs, default=0) + 1:03d}"

    def of(self, trial: str) -> list[str]:
        """List the checkpoints of a trial, newest first, as Ray's ``Checkpoint`` takes them."""
        found = []
        for leg in sorted(self._folders(self._root), reverse=True):
            for folder in self._folders_of(trial, leg):
                names = [
                    name for name in self._folders(f"{self._root}/{leg}/{folder}") if name.startswith("checkpoint_")
                ]
                found += [f"{self.storage}/{leg}/{folder}/{name}" for name in sorted(names, reverse=True)]
        return found

    def drop(self, trial: str) -> None:
        """Remove what is kept of a trial that has ended."""
        for leg in self._folders(self._root):
            for folder in self._folders_of(trial, leg):
                self._files.delete_dir(f"{self._root}/{leg}/{folder}")

    def sweep(self) -> None:
        """Remove legs in which no trial has a checkpoint left, once Ray has let go of them."""
        for leg in (name for name in self._folders(self._root) if name.startswith("leg-")):
            trials = [f"{self._root}/{leg}/{trial}" for trial in self._folders(f"{self._root}/{leg}")]
            if not any(name.startswith("checkpoint_") for trial in trials for name in self._folders(trial)):
                self._files.delete_dir(f"{self._root}/{leg}")

    def _folders_of(self, trial: str, leg: str) -> list[str]:
        # Ray adds a suffix where a trial begins for the second time in a leg, its process having died before it began.
        folders = self._folders(f"{self._root}/{leg}")
        return sorted((name for name in folders if name == trial or name.startswith(f"{trial}_")), reverse=True)

    def _folders(self, path: str) -> list[str]:
        entries = self._files.get_file_info(FileSelector(path, allow_not_found=True))
        return [entry.base_name for entry in entries if entry.type == FileType.Directory]


def check_whole(checkpoint: Path) -> None:
    """Raise ``UserError`` if the state of a checkpoint cannot be read, or one of its tensors' files is cut short."""
    read_state(checkpoint / STATE)
    for path in sorted(checkpoint.rglob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except (OSError, SafetensorError) as error:
            raise UserError(f"{path} holds no tensors: {' '.join(str(error).split())[:160]}") from error


def keep_adapter(checkpoint: Path, adapter: Path) -> None:
    """Copy a checkpoint's adapter to where it stays, all of it or nothing, in place of one that is there."""
    with whole_directory(adapter, replace=True) as part:
        shutil.copytree(checkpoint / ADAPTER, part, dirs_exist_ok=True)


def prune_adapters(adapters: Path, keep: set[str]) -> None:
    """Remove the adapters of trials that are not to be kept, and what a killed process left half-copied."""
    for directory in adapters.iterdir() if adapters.is_dir() else ():
        if directory.name not in keep:
            shutil.rmtree(directory)
