"""The ``README.md`` beside a saved adapter: what it is, and how to load it with PEFT and open_clip."""

from pathlib import Path

import open_clip
import peft

from gap.models.adapters import trained_parameters
from gap.models.attention import PREPARED, SplitAttention
from gap.models.clip import Clip
from gap.models.load import OWN
from gap.models.page_texts import TORCHVISION, base_name, expects
from gap.models.weight_settings import brings_weights

_ADAPTER = """\
# {method} adapter of {base}, rank {rank}

Trained with clip-modality-gap: {numbers} numbers on {layers} layers of both towers, and the temperature.

| file | holds |
|---|---|
| `adapter_config.json`, `adapter_model.safetensors` | the adapter, in PEFT's format |
| `trained.safetensors` | {rest}; its metadata name the base |

## Load it

```python
from gap.models.attention import with_split_attention
{imports}
from peft import PeftModel
from safetensors.torch import load_file

directory = "."  # where this page is
model = {create}
PeftModel.from_pretrained(with_split_attention(model), directory)
model.load_state_dict(load_file(f"{{directory}}/trained.safetensors"), strict=False)  # the temperature
model.eval()
```

`model` itself is adapted and keeps its methods, `encode_image` and `encode_text`; `model.logit_scale.exp()` is
{scale:.6g}. Merged weights for open_clip alone: `python -m study.export`.

`with_split_attention` is all that this takes of clip-modality-gap. {attention} On a model that has not been through
it PEFT loads nothing, and raises `ValueError: Target modules {prepared}… not found in the base model`.
"""
_SPLIT = (
    "open_clip keeps query, key and value of an attention layer in one\nparameter, which no adapter reaches: {inside} "
    "of the {layers} adapted layers exist in the split model only."
)
_NOT_SPLIT = "This model has no packed attention to split: it gives the\nmodel the name that the adapter expects."
_WEIGHTS = """\
# Weights trained of {base}

Trained with clip-modality-gap: {numbers} numbers of the model's own, without adapters. `trained.safetensors` holds
{rest}, under open_clip's names; its metadata name the base.

## Load it

```python
{imports}
from safetensors.torch import load_file

directory = "."  # where this page is
model = {create}
result = model.load_state_dict(load_file(f"{{directory}}/trained.safetensors"), strict=False)
model.eval()
print("of another model:", result.unexpected_keys)  # has to be empty
```

`model.logit_scale.exp()` is {scale:.6g}: the temperature is among what was loaded.

{torchvision}"""


def adapter_page(clip: Clip, wrapped: peft.PeftModel | None) -> str:
    """Write the page for a model that was trained; ``wrapped`` is what ``adapt`` returned.

    >>> from gap.models.adapters import adapt
    >>> from gap.models.load import load_clip
    >>> clip = load_clip("tiny")
    >>> adapter_page(clip, adapt(clip.model, rank=4)).splitlines()[0]
    '# DoRA adapter of tiny, rank 4'
    """
    imports, create = _create(clip)
    temperature = [name for name in ("logit_scale", "logit_bias") if getattr(clip.model, name, None) is not None]
    common = {
        "base": base_name(clip),
        "imports": imports,
        "create": create,
        "scale": clip.model.logit_scale.exp().item(),
        "numbers": f"{sum(parameter.numel() for parameter in trained_parameters(clip.model)):,}",
        "rest": " and ".join(f"`{name}`" for name in temperature),
    }
    if wrapped is None:
        text = _WEIGHTS.format_map({**common, "rest": f"them and {common['rest']}", "torchvision": TORCHVISION})
    else:
        text = _ADAPTER.format_map({**common, **_adapted(wrapped)})
    return (
        f"{text}\n{expects(clip)}\n{common['base']} has a licence of its own, and so have the data of the training.\n"
    )


def _adapted(wrapped: peft.PeftModel) -> dict[str, object]:
    config, model = wrapped.peft_config["default"], wrapped.get_base_model()
    adapted = [name for name, module in model.named_modules() if hasattr(module, "lora_A")]
    split = {name for name, module in model.named_modules() if isinstance(module, SplitAttention)}
    inside = sum(name.rpartition(".")[0] in split for name in adapted)
    return {
        "method": "DoRA" if config.use_dora else "LoRA",
        "rank": config.r,
        "layers": len(adapted),
        "attention": _SPLIT.format(inside=inside, layers=len(adapted)) if inside else _NOT_SPLIT,
        "prepared": PREPARED,
    }


def _create(clip: Clip) -> tuple[str, str]:
    """Return the import and the expression that make the base; of open_clip's architectures, with open_clip alone.

    A place with weights is read by our reader: open_clip looks for its text tower where the process runs.
    """
    given = _shown(clip.pretrained)
    if clip.name in OWN or brings_weights(clip.name):
        arguments = [repr(clip.name), *([repr(given)] if given else [])]
        return "from gap.models.load import load_clip", f"load_clip({', '.join(arguments)}).model"
    own = open_clip.get_model_config(clip.name) or {}
    arguments = [repr(clip.name), *([f"pretrained={given!r}"] if given else [])]
    if clip.architecture.get("quick_gelu", False) and not own.get("quick_gelu", False):
        arguments.append("force_quick_gelu=True")  # open_clip's default is another activation than the weights'
    return "import open_clip", f"open_clip.create_model({', '.join(arguments)})"


def _shown(pretrained: str | None) -> str | None:
    """Return a checkpoint file by its whole path, a tag as it is."""
    file = Path(pretrained or "").expanduser()
    return str(file.resolve()) if pretrained and file.is_file() else pretrained
