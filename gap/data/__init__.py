"""Datasets: from a source of pictures and words to one array of images, its captions and a split.

>>> sorted(DATASETS)
['arasaac', 'folder', 'huggingface', 'mscoco', 'pictograms', 'webdataset']
"""

from gap.data.dataset import PairDataset as PairDataset
from gap.data.dataset import open_dataset as open_dataset
from gap.data.prepare import is_at_hand as is_at_hand
from gap.data.prepare import prepare as prepare
from gap.data.sources import DATASETS as DATASETS
