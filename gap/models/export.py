"""A fine-tuned model as a folder that plain open_clip loads wherever it lies, without this project and PEFT."""

import copy
import json
from pathlib import Path
from typing import Any

import peft
from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import HFTokenizer
from safetensors.torch import save_file

from gap.errors import UserError
from gap.models.attention import PREPARED, packed_state_dict
from gap.models.clip import Clip
from gap.models.directories import whole_directory
from gap.models.export_page import TEXT_TOWER, Story, export_page

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"
README = "README.md"


def export_checkpoint(clip: Clip, wrapped: peft.PeftModel | None, directory: Path, story: Story | None = None) -> None:
    """Merge adapters into the weights of a copy and write a directory that open_clip loads, all of it or nothing.

    It holds weights, configuration, preprocessing, the tokenizer if it came from the Hugging Face hub, and a
    ``README.md`` with lines that load it; no file of it names a place on this machine. In the directory,
    ``open_clip.create_model("local-dir:.")`` gives the model with the same embeddings. From elsewhere
    ``"local-dir:DIRECTORY"`` does, unless the text tower is one of transformers' (``mini``, and open_clip's roberta,
    xlm-roberta, mt5 and nllb models): of these open_clip takes the configuration's place as it stands in
    ``open_clip_config.json``, relative to where the process runs, and :func:`text_config` gives it from elsewhere.

    ``open_clip.create_model(NAME, pretrained="DIRECTORY/open_clip_model.safetensors")`` gives them for open_clip's own
    models where the activation of NAME is the base's (for QuickGELU NAME-quickgelu), and prepares images alike only
    where mean and std are open_clip's default: a file carries neither.

    Raises ``UserError`` if the directory exists.
    """
    check_new(directory)
    model = copy.deepcopy(clip.model if wrapped is None else wrapped)
    merged = model if wrapped is None else model.merge_and_unload()[PREPARED]
    state = {name: value.detach().cpu().contiguous() for name, value in packed_state_dict(merged).items()}
    with whole_directory(directory) as part:
        save_file(state, part / WEIGHTS)
        described = {"model_cfg": _architecture(clip, part), "preprocess_cfg": _preprocessing(clip)}
        (part / CONFIG).write_text(json.dumps(described, indent=2), encoding="utf-8")
        (part / README).write_text(export_page(clip, story or Story()), encoding="utf-8")


def check_new(directory: Path) -> None:
    """Raise ``UserError`` if the directory exists, or what it would be in is a file."""
    if directory.exists() or directory.is_symlink():
        raise UserError(f"export {directory}: expected a new directory, and this one exists")
    nearest = next(place for place in directory.absolute().parents if place.exists())
    if not nearest.is_dir():
        raise UserError(f"export {directory}: {nearest} is a file")


def text_config(directory: Path) -> dict[str, Any]:
    """Return an export's text configuration, for ``create_model("local-dir:…", text_cfg=…)`` from anywhere.

    Raises OSError or ValueError if there is none.
    """
    described: dict[str, Any] = json.loads((directory / CONFIG).read_text(encoding="utf-8"))["model_cfg"]["text_cfg"]
    if "hf_model_name" in described:
        described["hf_model_name"] = str(directory / described["hf_model_name"])
    return described


def _preprocessing(clip: Clip) -> dict[str, Any]:
    """Say what was done to the training images, as ``gap.data`` does it."""
    return {
        "size": clip.image_size,
        "mean": clip.mean,
        "std": clip.std,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }


def _architecture(clip: Clip, part: Path) -> dict[str, Any]:
    """Give open_clip's configuration; what it takes from the hub or a local directory moves into the export."""
    architecture = copy.deepcopy(clip.architecture)
    text, tower = architecture["text_cfg"], getattr(clip.model, "text", None)
    if isinstance(tower, HFTextEncoder):
        tower.config.save_pretrained(part / TEXT_TOWER)
        text |= {"hf_model_name": f"./{TEXT_TOWER}", "hf_model_pretrained": False}
    if isinstance(clip.tokenize, HFTokenizer):
        clip.tokenize.save_pretrained(part)
    elif "hf_tokenizer_name" in text:
        HFTokenizer(text["hf_tokenizer_name"]).save_pretrained(part)
    if "hf_tokenizer_name" in text:
        text["hf_tokenizer_name"] = "."  # any name: open_clip reads the one in the export
    return architecture
