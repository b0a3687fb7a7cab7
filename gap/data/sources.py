"""The datasets by name."""

from gap.data.arasaac.catalogue import ARASAAC
from gap.data.folder.catalogue import FOLDER
from gap.data.huggingface.catalogue import HUGGINGFACE
from gap.data.mscoco import MSCOCO
from gap.data.pictograms.catalogue import PICTOGRAMS
from gap.data.records import Source
from gap.data.webdataset.catalogue import WEBDATASET

DATASETS: dict[str, Source] = {
    "pictograms": PICTOGRAMS,
    "arasaac": ARASAAC,
    "mscoco": MSCOCO,
    "folder": FOLDER,
    "webdataset": WEBDATASET,
    "huggingface": HUGGINGFACE,
}
