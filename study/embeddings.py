"""What a trial makes of the test split: embeddings, kept in ``embeddings/<trial>.safetensors`` for whoever looks.

``baseline`` names the model before training, as everywhere.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import normalize

from gap.data import PairDataset
from gap.data.whole_files import replace_file
from gap.errors import UserError
from gap.metrics import cosine_histograms
from gap.training.evaluation import Split, embed_split, make_split
from study.open_trial import check_kept, load_trial, study_dataset, study_spec

NAMES = ("image_features", "text_features", "rows", "image_of_text", "text_of")


@dataclass(frozen=True)
class Embeddings:
    """Unit vectors of the test images and of all their captions, on the CPU.

    ``rows`` are the dataset's rows of the images; caption j belongs to image ``image_of_text[j]``, an index into
    ``image_features``, and captions with one number in ``text_of`` are equal, by ``gap.data.captions.caption_key``.
    """

    image_features: Float[Tensor, "m d"]
    text_features: Float[Tensor, "n d"]
    rows: Int[Tensor, " m"]
    image_of_text: Int[Tensor, " n"]
    text_of: Int[Tensor, " n"]

    def captions(self, dataset: PairDataset) -> list[str]:
        """Give the captions, in the order of ``text_features``."""
        return [text for row in self.rows.tolist() for text in dataset.captions[row]]

    def cosines(self) -> dict[str, list[int]]:
        """Count the cosines of every kind of pairs, as ``cosine_histograms`` does."""
        counts = cosine_histograms(self.image_features, self.text_features, self.image_of_text)
        return {kind: count.tolist() for kind, count in counts.items()}


def of_split(split: Split, image_features: Float[Tensor, "m d"], text_features: Float[Tensor, "n d"]) -> Embeddings:
    """Put a split and its embeddings together."""
    parts = (split.rows, split.image_of_text, split.caption_ids)
    return Embeddings(image_features.cpu(), text_features.cpu(), *(torch.from_numpy(part).long() for part in parts))


def write_embeddings(path: Path, embeddings: Embeddings) -> None:
    """Write embeddings in half precision, all of them or nothing: for pictures, not for the tables' figures."""
    tensors: dict[str, Tensor] = {name: getattr(embeddings, name).contiguous() for name in NAMES}
    half = {name: tensor.half() if tensor.is_floating_point() else tensor.clone() for name, tensor in tensors.items()}
    replace_file(path, lambda temporary: save_file(half, temporary))


def read_embeddings(path: Path) -> Embeddings:
    """Read what ``write_embeddings`` wrote, as unit vectors in fp32. Raises ``UserError`` on a damaged file."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in NAMES}
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} holds no embeddings: {error}; delete it, and it is made again") from error
    for name in ("image_features", "text_features"):
        tensors[name] = normalize(tensors[name].float(), dim=1)
    return Embeddings(**tensors)


def embeddings_path(directory: Path, trial: str) -> Path:
    """Say where the embeddings of a trial of the study in ``directory`` are kept."""
    return directory / "embeddings" / f"{trial}.safetensors"


def trial_embeddings(directory: Path, trial: str) -> Embeddings:
    """Read the test embeddings of a trial, or of the ``baseline``; make and keep them where the study did not.

    Raises ``UserError`` if there is no such study or trial, its adapter was not kept, or its data is gone.
    """
    path = embeddings_path(directory, trial)
    if path.exists():
        return read_embeddings(path)
    check_kept(directory, trial)
    dataset, precision = study_dataset(directory), str(study_spec(directory)["precision"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    clip, _ = load_trial(directory, trial)
    clip.model.to(device)
    split = make_split(dataset, clip, dataset.test)
    embeddings = of_split(split, *embed_split(clip, dataset, split, device=device, precision=precision))
    write_embeddings(path, embeddings)
    return embeddings
