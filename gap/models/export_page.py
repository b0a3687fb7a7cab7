"""The ``README.md`` of an export: how to load and use it, what it was trained on, under which licences."""

from dataclasses import dataclass
from importlib.metadata import version

from open_clip.hf_model import HFTextEncoder

from gap.models.clip import Clip
from gap.models.page_texts import TORCHVISION, base_name, expects

PACKAGES = {"version": "clip-modality-gap", "open_clip": "open_clip_torch", "torch": "torch"}
TEXT_TOWER = "text_tower"  # the folder of a text tower's configuration


@dataclass(frozen=True)
class Story:
    """Knowledge of a study about a model beyond the model: a title, what was measured, the data; Markdown each.

    ``prompt`` is what the captions of the training were made with, ``{}`` where the words go, and ``words`` are two
    that may stand there.
    """

    title: str = ""
    measured: str = ""
    data: str = ""
    prompt: str = "{}"
    words: tuple[str, str] = ("a bee", "a house")


_LOAD = """\
# {title}

{base}, fine-tuned with clip-modality-gap {version}, as one folder for
[open_clip](https://github.com/mlfoundations/open_clip) alone: it can be copied anywhere and needs no network.

## Load it

With `pip install open_clip_torch pillow{transformers}` (made with open_clip {open_clip} and torch {torch}):

```python
import open_clip
import torch
from PIL import Image

folder = "."  # where this page is
{create}
tokenizer = open_clip.get_tokenizer(f"local-dir:{{folder}}")
model.eval()


def on_white(image):  # what is transparent was white in training; open_clip would show what lies below
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


image = Image.new("RGB", (300, 200), "red")  # or Image.open("picture.png")
prompt = {prompt!r}  # of the captions in training
texts = [prompt.replace("{{}}", words) for words in {words!r}]
with torch.inference_mode():
    image_features = model.encode_image(preprocess(on_white(image)).unsqueeze(0), normalize=True)
    text_features = model.encode_text(tokenizer(texts), normalize=True)
print("cosines:", (image_features @ text_features.T).tolist())
```

`model.logit_scale.exp()`, the multiplier of cosines in the softmax over candidates (1/temperature), is {scale:.6g}.

{torchvision}
"""
_CREATE = 'model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")'
# open_clip reads this configuration from a place that is relative to where the process runs.
_CREATE_WITH_TEXT_TOWER = f"""\
text_cfg = open_clip.get_model_config(f"local-dir:{{folder}}")["text_cfg"]
text_cfg["hf_model_name"] = f"{{folder}}/{TEXT_TOWER}"
model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{{folder}}", text_cfg=text_cfg)"""
_LICENCES = {
    "mini": "EfficientNet-Lite0 and all-MiniLM-L6-v2, both Apache-2.0, and projections of clip-modality-gap's, "
    "Apache-2.0,\ntrained on icon sets that `gap/models/mini/LICENCES.md` there lists with authors and licences.",
    "tiny": "Random weights.",
}
_UNKNOWN_LICENCE = (
    "Whoever published these weights says under which licence and for what use: see their model card. It holds\n"
    "for what is made of them, too."
)
# Of our own models whose tokenizer is not open_clip's.
_CLEANS = {
    "mini": "open_clip repairs texts before it cuts them into tokens (HTML's `&amp;`, curly quotes, broken encodings); "
    "in\ntraining they were read as they stand. Other texts become the same tokens.\n",
}
_CITE = """\
## How to cite

clip-modality-gap: a multi-objective study platform for the modality gap of CLIP models, version {version}; the authors
of {base}; and the data.
"""


def export_page(clip: Clip, story: Story) -> str:
    """Write the page of a model.

    >>> from gap.models.load import load_clip
    >>> export_page(load_clip("tiny"), Story(title="Squares")).splitlines()[0]
    '# Squares'
    """
    is_hub_tower = isinstance(getattr(clip.model, "text", None), HFTextEncoder)
    base = base_name(clip)
    versions = {name: version(package) for name, package in PACKAGES.items()}
    load = _LOAD.format(
        title=story.title or f"{base}, fine-tuned",
        base=base,
        **versions,
        transformers=" transformers" if "hf_tokenizer_name" in clip.architecture["text_cfg"] else "",
        create=_CREATE_WITH_TEXT_TOWER if is_hub_tower else _CREATE,
        prompt=story.prompt,
        words=story.words,
        scale=clip.model.logit_scale.exp().item(),
        torchvision=TORCHVISION,
    )
    licence = f"## The base's licence\n\n{base}: {_LICENCES.get(clip.name, _UNKNOWN_LICENCE)}\n"
    expected = expects(clip, "tokenizer in this folder") + _CLEANS.get(clip.name, "")
    parts = (load, expected, story.measured, story.data, licence)
    return "\n".join(part.rstrip() + "\n" for part in (*parts, _CITE.format(base=base, **versions)) if part)
