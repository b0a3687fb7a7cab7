"""The datasets by name."""

from gap.data.arasaac.catalogue import ARASAAC
from gap.data.mscoco import MSCOCO
from gap.data.pictograms.catalogue import PICTOGRAMS
from gap.data.records import Source

DATASETS: dict[str, Source] = {
    "pictograms": PICTOGRAMS,
    "arasaac": ARASAAC,
    "mscoco": MSCOCO,
}
