"""Small pictures of a dataset's images, each on the page once however often it is shown."""

from dataclasses import dataclass, field

from gap.data import PairDataset
from study.thumbnails import data_address, thumbnail

SIDE = 72  # pixels; the templates draw them in squares of this side


@dataclass
class Pictures:
    """``sources`` holds a data address by row of the dataset, for the rows that were asked for."""

    dataset: PairDataset
    sources: dict[int, str] = field(default_factory=dict)

    def add(self, row: int) -> int:
        """See that the page has the image in ``row``; returns the row."""
        if row not in self.sources:
            self.sources[row] = data_address(thumbnail(self.dataset.images[row], SIDE))
        return row
