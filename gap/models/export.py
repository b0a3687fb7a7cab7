"""A fine-tuned model as a checkpoint that plain open_clip loads, without this project and without PEFT."""

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import peft
from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import HFTokenizer
from safetensors.torch import save_file

from gap.errors import UserError
from gap.models.attention import packed_state_dict
from gap.models.clip import Clip

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"


def export_checkpoint(clip: Clip, wrapped: peft.PeftModel | None, directory: Path) -> None:
    """Merge adapters into the weights of a copy and write a directory that open_clip loads, all of it or nothing.

    ``open_clip.create_model("local-dir:DIRECTORY")`` gives the model with the same embeddings, of every base.
    ``open_clip.create_model(NAME, pretrained="DIRECTORY/open_clip_model.safetensors")`` does so for open_clip's own
    models where the activation of NAME is the base's (for QuickGELU NAME-quickgelu), and prepares images alike only
    where mean and std are open_clip's default: a file carries neither.
    A tokenizer and the configuration of a text tower that came from the Hugging Face hub are in the directory, too.
    Such a tower's is named by the directory's absolute path: write it where it is going to stay.

    Raises ``UserError`` if the directory exists.
    """
    directory = directory.resolve()
    if directory.exists():
        raise UserError(f"export {directory}: expected a new directory, and this one exists")
    model = copy.deepcopy(clip.model if wrapped is None else wrapped)
    merged = model if wrapped is None else model.merge_and_unload()
    state = {name: value.detach().cpu().contiguous() for name, value in packed_state_dict(merged).items()}
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as temporary:
        part = Path(temporary) / directory.name
        part.mkdir()
        save_file(state, part / WEIGHTS)
        described = {"model_cfg": _architecture(clip, part, directory), "preprocess_cfg": _preprocessing(clip)}
        (part / CONFIG).write_text(json.dumps(described, indent=2), encoding="utf-8")
        part.rename(directory)


def _preprocessing(clip: Clip) -> dict[str, Any]:
    return {"size": clip.image_size, "mean": clip.mean, "std": clip.std}


def _architecture(clip: Clip, part: Path, directory: Path) -> dict[str, Any]:
    """Give open_clip's configuration; what it takes from the hub or a local directory moves into the export."""
    architecture = copy.deepcopy(clip.architecture)
    text, tower = architecture["text_cfg"], getattr(clip.model, "text", None)
    if isinstance(tower, HFTextEncoder):
        tower.config.save_pretrained(part)
        text["hf_model_name"] = str(directory)
    if isinstance(clip.tokenize, HFTokenizer):
        clip.tokenize.save_pretrained(part)
    elif "hf_tokenizer_name" in text:
        _copy_tokenizer(Path(text["hf_tokenizer_name"]), part)
    if "hf_tokenizer_name" in text:  # open_clip reads it from the export, whatever its name here
        text["hf_tokenizer_name"] = str(directory)
    return architecture


def _copy_tokenizer(source: Path, part: Path) -> None:
    for file in source.iterdir():
        if file.suffix in (".json", ".txt") and not (part / file.name).exists():
            shutil.copyfile(file, part / file.name)
