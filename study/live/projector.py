"""TensorBoard's embedding projector: some test pairs, each image and its first caption, with thumbnails."""

import numpy as np
import torch
from jaxtyping import Int64
from torch.utils.tensorboard import SummaryWriter

from gap.data import PairDataset
from study.embeddings import Embeddings
from study.thumbnails import thumbnail

PAIRS, SIDE, DIGITS = 90, 32, 4  # a pool of the thesis; pixels; decimals, which make a trial's files small
TEXT_TINT = np.array([213, 94, 0])  # lies over the thumbnail of a caption's point


def add_projector(writer: SummaryWriter, epoch: int, embeddings: Embeddings, dataset: PairDataset) -> None:
    """Write up to 90 pairs, the same in every trial of a study."""
    images = np.random.default_rng(0).permutation(len(embeddings.rows))[:PAIRS]
    captions, texts = embeddings.captions(dataset), first_captions(embeddings)[images]
    vectors = torch.cat([embeddings.image_features[images], embeddings.text_features[texts]]).double()
    rows = embeddings.rows[images].tolist()
    named = [(dataset.ids[row], captions[text]) for row, text in zip(rows, texts, strict=True)]
    small = np.stack([np.asarray(thumbnail(dataset.images[row], SIDE)) for row in rows])
    pictures = np.concatenate([small, small // 2 + (TEXT_TINT // 2).astype(np.uint8)])
    # The file has a line a point and tabs between its columns.
    ids, words = ([" ".join(text.split()) for text in part] for part in zip(*named, strict=True))
    writer.add_embedding(
        vectors.numpy().round(DIGITS),
        metadata=[(kind, id_, text) for kind in ("image", "text") for id_, text in zip(ids, words, strict=True)],
        metadata_header=["modality", "id", "caption"],
        label_img=torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255,
        global_step=epoch,
        tag="test",
    )


def first_captions(embeddings: Embeddings) -> Int64[np.ndarray, " m"]:
    """Give each image's first caption, as a row of ``text_features``."""
    return np.unique(embeddings.image_of_text.numpy(), return_index=True)[1]
