"""Attention with separate query, key, value and output projections, which adapters can reach.

open_clip's towers use ``nn.MultiheadAttention``: its query, key and value weights are one packed parameter that is used
without any module's forward being called, and so is its output projection. An adapter on it either fails or silently
does nothing. ``split_attention`` puts an equal module with four ``nn.Linear`` in its place.

PEFT takes of saved adapters what finds its layer by name, and leaves the rest out without a word. On a plain model that
would be every adapter but those of the attention. So adapters are saved under names that no plain model has: those of
``with_split_attention``.
"""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

PREPARED = "clip_with_split_attention"  # how the names of saved adapters begin
# A parameter of nn.MultiheadAttention and those that it is the concatenation of; weights of unequal width are apart.
PACKED = {
    "in_proj_weight": ("q_proj.weight", "k_proj.weight", "v_proj.weight"),
    "in_proj_bias": ("q_proj.bias", "k_proj.bias", "v_proj.bias"),
    "q_proj_weight": ("q_proj.weight",),
    "k_proj_weight": ("k_proj.weight",),
    "v_proj_weight": ("v_proj.weight",),
}


class SplitAttention(nn.Module):
    """Multi-head attention, equal in value to the ``nn.MultiheadAttention`` that it is made from.

    Takes the arguments that open_clip's blocks give: ``query, key, value, need_weights=False, attn_mask=None``. It
    computes no attention weights, and raises ``ValueError`` if they are asked for. ``load_state_dict`` takes the packed
    module's names as well as its own.

    Source: Vaswani et al. 2017, section 3.2.2.

    >>> packed = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    >>> x = torch.randn(1, 3, 8)
    >>> split = SplitAttention(packed)
    >>> torch.allclose(split(x, x, x, need_weights=False)[0], packed(x, x, x)[0], atol=1e-6)
    True
    """

    def __init__(self, packed: nn.MultiheadAttention) -> None:
        super().__init__()
        if packed.bias_k is not None or packed.bias_v is not None or packed.add_zero_attn:
            raise ValueError("attention with bias_k, bias_v or add_zero_attn cannot be split")
        self.num_heads = packed.num_heads
        self.batch_first = packed.batch_first
        self.dropout = packed.dropout
        weights = (
            packed.in_proj_weight.chunk(3)
            if packed.in_proj_weight is not None
            else (packed.q_proj_weight, packed.k_proj_weight, packed.v_proj_weight)
        )
        biases = packed.in_proj_bias.chunk(3) if packed.in_proj_bias is not None else (None, None, None)
        self.q_proj, self.k_proj, self.v_proj = map(_linear, weights, biases)
        self.out_proj = _linear(packed.out_proj.weight, packed.out_proj.bias)
        self.train(packed.training)

    def forward(
        self,
        query: Float[Tensor, "a b d"],
        key: Float[Tensor, "c e k"],
        value: Float[Tensor, "c e v"],
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
    ) -> tuple[Float[Tensor, "a b d"], None]:
        """Attend. A boolean mask is true where attention is *not* allowed, as in ``nn.MultiheadAttention``."""
        if need_weights:
            raise ValueError("SplitAttention computes no attention weights: pass need_weights=False")
        q, k, v = (
            self._heads(projection(inputs))
            for projection, inputs in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value))
        )
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            attn_mask = ~attn_mask  # scaled_dot_product_attention's is true where attention is allowed
        if attn_mask is not None and attn_mask.ndim == 3:
            attn_mask = attn_mask.reshape(-1, self.num_heads, *attn_mask.shape[1:])
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask, self.dropout if self.training else 0.0)
        mixed = mixed.transpose(1, 2).flatten(2)
        output: Tensor = self.out_proj(mixed if self.batch_first else mixed.transpose(0, 1))
        return output, None

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any, **more: Any) -> None:
        for packed, parts in PACKED.items():
            if (whole := state_dict.pop(f"{prefix}{packed}", None)) is not None:
                rows = whole.chunk(len(parts))
                state_dict |= {f"{prefix}{part}": some for part, some in zip(parts, rows, strict=True)}
        super()._load_from_state_dict(state_dict, prefix, *others, **more)

    def _heads(self, x: Tensor) -> Tensor:
        """Reshape to [batch, heads, length, width]."""
        x = x if self.batch_first else x.transpose(0, 1)
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)


def split_attention(model: nn.Module) -> int:
    """Replace every ``nn.MultiheadAttention`` inside ``model`` by an equal ``SplitAttention``; return how many.

    >>> tower = nn.ModuleDict({"attn": nn.MultiheadAttention(8, 2)})
    >>> split_attention(tower), type(tower["attn"]).__name__
    (1, 'SplitAttention')
    """
    replaced = 0
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention):
                setattr(parent, name, SplitAttention(child))
                replaced += 1
    return replaced


def with_split_attention(model: nn.Module) -> nn.ModuleDict:
    """Split the attention of ``model`` in place; return it under the name that saved adapters have for it.

    ``peft.PeftModel.from_pretrained(with_split_attention(model), DIRECTORY)`` puts saved adapters on ``model`` itself.
    Without this, PEFT finds none of their layers and raises, whatever the model: nothing is loaded by half.

    >>> tower = nn.ModuleDict({"attn": nn.MultiheadAttention(8, 2), "fc": nn.Linear(8, 8)})
    >>> prepared = with_split_attention(tower)
    >>> prepared["clip_with_split_attention"] is tower, type(tower["attn"]).__name__
    (True, 'SplitAttention')
    """
    split_attention(model)
    return nn.ModuleDict({PREPARED: model})


def packed_state_dict(model: nn.Module, state: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Give the state dict that the model had before ``split_attention``, with packed keys where they were packed.

    ``state`` is a part of the model's own state dict, the whole if ``None``. Query, key and value of which a part is
    not there stay as they are.

    >>> tower = nn.ModuleDict({"attn": nn.MultiheadAttention(8, 2)})
    >>> before = set(tower.state_dict())
    >>> _ = split_attention(tower)
    >>> set(packed_state_dict(tower)) == before
    True
    """
    packed = dict(model.state_dict() if state is None else state)
    for name, module in model.named_modules():
        if not isinstance(module, SplitAttention):
            continue
        prefix = f"{name}." if name else ""
        widths = {projection.in_features for projection in (module.q_proj, module.k_proj, module.v_proj)}
        for whole, parts in PACKED.items():
            own = [f"{prefix}{part}" for part in parts]
            is_used = whole == "in_proj_bias" or (len(parts) == 3) == (len(widths) == 1)
            if is_used and all(part in packed for part in own):
                packed[f"{prefix}{whole}"] = torch.cat([packed.pop(part) for part in own])
    return packed


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    linear: nn.Linear = nn.utils.skip_init(
        nn.Linear, weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device, dtype=weight.dtype
    )
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
    return linear
