"""How the towers behave while they are trained."""

from open_clip.hf_model import HFTextEncoder
from open_clip.transformer import PatchDropout
from timm.layers import DropPath
from timm.layers import PatchDropout as TimmPatchDropout
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from gap.models.clip import ClipModel

# Where modules keep a rate that they give to a function, as transformers' M2M100 does, and SplitAttention.
_RATES = ("dropout", "attention_dropout", "activation_dropout", "layerdrop")


def train_mode(model: nn.Module) -> None:
    """Put a model in training mode, but for what would make fine-tuning depend on more than the batch's pairs.

    Batch norms keep the statistics that they came with: a batch of one dataset would overwrite them. Dropout is off,
    of layers, paths and patches too: each epoch's gradients are those of the function that is evaluated, and
    recomputation repeats them exactly.
    """
    model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
        elif isinstance(module, nn.Dropout):
            module.p = 0.0
        elif isinstance(module, DropPath):
            module.drop_prob = 0.0
        elif isinstance(module, PatchDropout | TimmPatchDropout):
            module.prob = 0.0
        own = vars(module)
        own.update({name: 0.0 for name in _RATES if isinstance(own.get(name), float)})


def gradient_checkpointing(model: ClipModel, *, enabled: bool) -> None:
    """Recompute activations in the backward pass instead of keeping them: the same gradients, less memory, more time.

    Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
    """
    if not enabled:
        return
    if not isinstance(getattr(model, "text", None), HFTextEncoder):
        model.set_grad_checkpointing(True)
    else:
        model.visual.set_grad_checkpointing(True)
        model.text.transformer.config.use_cache = False  # a decoder's; transformers would warn of it
        model.text.transformer.activation_checkpointing_enable()  # open_clip calls its deprecated alias
        # Only reentrant checkpoints need inputs with a gradient; here it would be computed through every frozen block.
        model.text.transformer.disable_input_require_grads()
