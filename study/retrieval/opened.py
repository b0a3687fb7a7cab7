"""A trial that is searched with: its model, the study's data, and the galleries as they are first needed."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gap.data import PairDataset
from gap.models.clip import Clip
from gap.models.languages import in_language
from gap.training.embed import embed_images, embed_texts
from study.open_trial import load_trial, study_spec
from study.retrieval.gallery import (
    Watch,
    embed_entries,
    gallery_key,
    gallery_path,
    model_digest,
    read_gallery,
    write_gallery,
)
from study.retrieval.index import open_index
from study.retrieval.sides import SIDES, Entry, prompt_of


class Opened:
    """The model of a trial in memory, with what it makes of the dataset.

    A gallery that is not kept yet, is damaged, or is not of this model and these data is computed, which ``watch``
    follows, and kept.
    """

    def __init__(
        self,
        directory: Path,
        trial: str,
        *,
        clip: Clip,
        dataset: PairDataset,
        precision: str,
        watch: Watch,
        prompt: str | None = None,
    ) -> None:
        self.directory, self.trial, self.dataset = directory, trial, dataset
        self.clip = in_language(clip, dataset.language)
        self.prompt = prompt_of(dataset, prompt)
        self._precision, self._watch = precision, watch
        self._digest = model_digest(clip)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        clip.model.to(self._device).eval()
        self._lock = threading.Lock()  # a text tower is cut to the length of a text while it runs
        self._galleries: dict[str, Float[Tensor, "n d"]] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._indexes: dict[str, Any] = {}

    def key(self, side: str) -> str:
        """Hash all that decides the gallery of a side."""
        return gallery_key(model=self._digest, data_hash=self.dataset.data_hash, precision=self._precision, side=side)

    def entries(self, side: str) -> list[Entry]:
        """List what the vectors of a side's gallery belong to."""
        if side not in self._entries:
            self._entries[side] = SIDES[side].entries(self.dataset)
        return self._entries[side]

    def gallery(self, side: str) -> Float[Tensor, "n d"]:
        """Give the unit vectors of all images, or of all distinct captions, as ``SIDES`` orders them.

        Raises ``UserError`` if one is not finite.
        """
        if side not in self._galleries:
            path, key = gallery_path(self.directory, self.trial, side), self.key(side)
            features = read_gallery(path, key)
            if features is None:
                features = embed_entries(
                    self.clip,
                    self.dataset,
                    side,
                    self.entries(side),
                    device=self._device,
                    precision=self._precision,
                    watch=self._watch,
                )
                write_gallery(path, features, key)
            self._galleries[side] = features
        return self._galleries[side]

    def index(self, side: str) -> Any:
        """Give the index of a side's gallery. Raises ``UserError`` if its library is not installed."""
        if side not in self._indexes:
            gallery, path = self.gallery(side), gallery_path(self.directory, self.trial, side)
            self._indexes[side] = open_index(path, gallery, self.key(side), watch=self._watch)
        return self._indexes[side]

    def embed_text(self, text: str) -> Float[Tensor, " d"]:
        """Embed a text as it stands, as a unit vector."""
        tokens = self.clip.tokenize([text])
        with self._lock:
            return embed_texts(self.clip, tokens, device=self._device, precision=self._precision)[0].cpu()

    def embed_pixels(self, pixels: UInt8[np.ndarray, "h w 3"]) -> Float[Tensor, " d"]:
        """Embed an image of the dataset's size, as a unit vector."""
        rows = np.zeros(1, dtype=np.int64)
        return embed_images(self.clip, pixels[None], rows, device=self._device, precision=self._precision)[0].cpu()


def open_trial(directory: Path, trial: str, dataset: PairDataset, *, watch: Watch) -> Opened:
    """Open a trial, or the ``baseline``, of the study in ``directory`` and of this dataset.

    Raises ``UserError`` if there is no such study or trial, or its adapter was not kept.
    """
    spec = study_spec(directory)
    clip, _ = load_trial(directory, trial)
    return Opened(
        directory,
        trial,
        clip=clip,
        dataset=dataset,
        precision=str(spec["precision"]),
        watch=watch,
        prompt=spec.get("prompt"),
    )
