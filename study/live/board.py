"""A study on TensorBoard: what is written when a trial starts, after its epochs, and at its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gap.data import PairDataset
from study.embeddings import read_embeddings
from study.live.curves import Curves, tag
from study.live.histograms import add_histograms
from study.live.hparams import experiment, session_end, session_start, simple
from study.live.projector import add_projector
from study.live.strips import draw_strips
from study.live.weights import weighted_terms
from study.seen import AFTER, BEFORE, Cosines
from study.space import StudySpec

STUDY = "study"  # the run that holds what belongs to no trial


class Board:
    """The writers of a study's trials; ``dataset`` gives the thumbnails."""

    def __init__(self, curves: Curves, dataset: PairDataset) -> None:
        self._curves = curves
        self._dataset = dataset

    def describe(self, spec: StudySpec, parameters: Mapping[str, Any]) -> None:
        """Say once what the trials of a study differ in and what they aim at."""
        examples = simple({**parameters, **{name: dimension.extremes()[0] for name, dimension in spec.search.items()}})
        self._write(STUDY, experiment(examples, [tag(name) for name in spec.objectives], searched=spec.search))

    def start(self, trial: str, parameters: Mapping[str, Any]) -> None:
        """Write a trial's parameters."""
        self._write(trial, session_start(simple(parameters)))

    def epoch(
        self, trial: str, epoch: int, values: Mapping[str, float], *, weights: Mapping[str, float], cosines: Cosines
    ) -> None:
        """Write an epoch's values, the weighted loss terms and the histograms of cosines."""
        add_histograms(self._curves.writer(trial), epoch, cosines)
        self._curves.add(trial, epoch, {**values, **weighted_terms(values, weights)})

    def pictures(self, trial: str, checkpoint: Path, epoch: int) -> None:
        """Write projector and retrieval strips before training and after the trial's ``epoch``, from a checkpoint.

        A checkpoint of an earlier version has none.
        """
        writer = self._curves.writer(trial)
        for name, step in ((BEFORE, 0), (AFTER, epoch)):
            if not (checkpoint / name).exists():
                continue
            embeddings = read_embeddings(checkpoint / name)
            add_projector(writer, step, embeddings, self._dataset)
            strips = draw_strips(embeddings, self._dataset)
            writer.add_image("retrieval/text_to_image", strips, step, dataformats="HWC")
            writer.add_text("retrieval/licence", self._dataset.licence, step)

    def end(self, trial: str, state: str) -> None:
        """Say how a trial ended and close its file."""
        self._write(trial, session_end(state))
        self._curves.end(trial)

    def _write(self, run: str, summary: Any) -> None:
        writer = self._curves.writer(run)
        writer._get_file_writer().add_summary(summary)  # the public way writes a run of its own
        writer.flush()
