"""A fine-tuned model as a checkpoint that plain open_clip loads, without this project and without PEFT."""

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import peft
from safetensors.torch import save_file

from gap.errors import UserError
from gap.models.attention import packed_state_dict
from gap.models.clip import Clip

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"


def export_checkpoint(clip: Clip, wrapped: peft.PeftModel | None, directory: Path) -> None:
    """Merge adapters into the weights of a copy and write a directory that open_clip loads, all of it or nothing.

    ``open_clip.create_model("local-dir:DIRECTORY")`` gives the model with the same embeddings, and so does
    ``open_clip.create_model(NAME, pretrained="DIRECTORY/open_clip_model.safetensors")`` for open_clip's own models.
    A text tower of Hugging Face's kind has its configuration and tokenizer in the directory, under its absolute path:
    write it where it is going to stay.

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
    """Give open_clip's configuration; a text tower that is read from a local directory moves into the export."""
    architecture = copy.deepcopy(clip.architecture)
    text = architecture["text_cfg"]
    source = Path(text.get("hf_model_name", ""))
    if "hf_model_name" in text and source.is_dir():
        for file in source.iterdir():
            if file.suffix in (".json", ".txt"):
                shutil.copyfile(file, part / file.name)
        text["hf_model_name"] = text["hf_tokenizer_name"] = str(directory)
    return architecture
