"""What stays of complete trials beside their rows: what was trained, and the test embeddings."""

import shutil
from functools import partial
from pathlib import Path

from gap.data.whole_files import replace_file
from study.checkpoints import keep_adapter, prune_adapters
from study.embeddings import embeddings_path
from study.open_trial import BASELINE
from study.seen import AFTER, BEFORE


class Kept:
    """``adapters/<trial>/`` and ``embeddings/<trial>.safetensors`` of a study."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._adapters = directory / "adapters"

    def keep(self, trial: str, checkpoint: Path) -> None:
        """Copy what a trial's last checkpoint holds, and once the embeddings before training."""
        for name, source in ((BASELINE, BEFORE), (trial, AFTER)):
            place = embeddings_path(self._directory, name)
            # A checkpoint of an earlier version has none: they are made when somebody asks for them.
            if (checkpoint / source).exists() and not (name == BASELINE and place.exists()):
                replace_file(place, partial(shutil.copyfile, checkpoint / source))
        keep_adapter(checkpoint, self._adapters / trial)

    def prune(self, keep: set[str]) -> None:
        """Remove what belongs to trials that are not to be kept: adapters, embeddings, what searches made of them."""
        prune_adapters(self._adapters, keep)
        for path in (self._directory / "embeddings").glob("[!.]*"):
            trial = path.stem.removeprefix("gallery-").split("-")[0]
            if trial not in {*keep, BASELINE}:
                path.unlink(missing_ok=True)
