"""Texts that the pages of adapters and of exports share."""

from pathlib import Path

from gap.models.clip import Clip
from gap.models.weight_settings import LOCAL_DIR

TORCHVISION = """\
Where `import open_clip` fails with `operator torchvision::nms does not exist`, torchvision was built for another torch:
install the torchvision of your torch, or put this before the import.

```python
import torch

operators = torch.library.Library("torchvision", "FRAGMENT")
operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
```
"""
_EXPECTS = """\
## What it expects

Images of {size}×{size} pixels: transparency on white, the shorter side resized (bicubic), the centre cropped; RGB in
[0, 1], less the mean {mean}, divided by the standard deviation {std}. Texts of up to {context}
tokens, by the {tokenizer}; what is longer is cut.
"""


def base_name(clip: Clip) -> str:
    """Name a model and its weights; a checkpoint file or folder without its place on this machine.

    >>> from gap.models.load import load_clip
    >>> base_name(load_clip("tiny"))
    'tiny'
    """
    given = clip.pretrained or ""
    weights = Path(given).name if Path(given).expanduser().is_file() else given
    return f"{without_place(clip.name)} {weights}".rstrip()


def without_place(name: str) -> str:
    """Return a model's name, a folder's without its place on this machine.

    >>> without_place("local-dir:/home/me/merged"), without_place("ViT-L-14")
    ('local-dir:merged', 'ViT-L-14')
    """
    return f"{LOCAL_DIR}{Path(name.removeprefix(LOCAL_DIR)).name}" if name.startswith(LOCAL_DIR) else name


def expects(clip: Clip, tokenizer: str = "base's tokenizer") -> str:
    """Say which images and texts a model was trained on.

    >>> from gap.models.load import load_clip
    >>> "Images of 32×32 pixels" in expects(load_clip("tiny"))
    True
    """
    return _EXPECTS.format(
        size=clip.image_size,
        mean=tuple(clip.mean),
        std=tuple(clip.std),
        context=clip.tokenize([""]).shape[1],
        tokenizer=tokenizer,
    )
