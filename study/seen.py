"""What a trial leaves to look at beside its numbers, in its checkpoints: cosines of every epoch, test embeddings."""

import json
from pathlib import Path

from gap.data.whole_files import replace_file
from gap.metrics import cosine_histograms
from gap.training.evaluation import Embedded
from study.embeddings import of_split, write_embeddings

BEFORE, AFTER, COSINES = "before.safetensors", "after.safetensors", "cosines.json"
Cosines = dict[str, list[int]]  # of a kind of pairs, counts in the bins of gap.metrics.cosine_histograms


class Seen:
    """Keeps in a trial's working folder what its checkpoints take along.

    ``before`` are the embeddings before training, ``after`` those of the epoch that counts so far.
    """

    def __init__(self, work: Path) -> None:
        self._work = work
        path = work / COSINES
        left = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._cosines: dict[int, Cosines] = {int(epoch): counts for epoch, counts in left.items()}

    def look(self, embedded: Embedded) -> None:
        """Take in an epoch."""
        kept = of_split(embedded.split, embedded.image_features, embedded.text_features)
        image_of_text = kept.image_of_text.to(embedded.image_features.device)
        counts = cosine_histograms(embedded.image_features, embedded.text_features, image_of_text)
        self._cosines[embedded.epoch] = {kind: count.tolist() for kind, count in counts.items()}
        text = json.dumps(self._cosines)
        replace_file(self._work / COSINES, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        if embedded.epoch == 0:
            write_embeddings(self._work / BEFORE, kept)
        elif embedded.counts:
            write_embeddings(self._work / AFTER, kept)

    def cosines(self, epoch: int) -> Cosines:
        """Give the counts of an epoch; none where they were not taken."""
        return self._cosines.get(epoch, {})
