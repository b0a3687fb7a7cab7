"""Whether a study's batches can be without equal captions, and what they then leave out."""

from typing import Any

from gap.data import PairDataset
from gap.training.pairs import say_left_out, training_captions
from study.space import StudySpec


def left_out_notes(spec: StudySpec, dataset: PairDataset) -> list[str]:
    """Say for ``unique_captions``, set or searched, what an epoch leaves out, a line a size of batch.

    Raises ``UserError`` if a size that is set, or the smallest or largest that is searched, needs more captions that
    differ than there are.
    """
    if True not in _values(spec, "unique_captions"):
        return []
    captions = training_captions(dataset)
    notes = []
    for size in _values(spec, "batch_size"):
        steps = captions.steps(batch_size=size, seed=spec.seed, epochs=spec.epochs, unique_captions=True)
        notes.append(say_left_out(steps, pairs=len(captions.images), batch_size=size))
    return notes


def _values(spec: StudySpec, name: str) -> list[Any]:
    dimension = spec.search.get(name)
    return sorted(set(dimension.extremes())) if dimension else [getattr(spec, name)]
