"""Text towers that are read at their first token: without a copy of all the other tokens that nobody reads.

open_clip's tower takes these out by a mask at every call, whether they are wanted or not. On a GPU this waits for all
that was queued, and without values, as plans are made, it cannot be done.
"""

from open_clip.hf_model import ClsPooler, HFTextEncoder
from torch import nn


class FirstToken(ClsPooler):  # type: ignore[misc]
    """open_clip's pooler by another name: the tower copies the other tokens for the name that it knows."""


def spare_other_tokens(model: nn.Module) -> bool:
    """Let a text tower leave the other tokens where they are, in place; returns whether it is one that copied them."""
    tower = getattr(model, "text", None)
    if not isinstance(tower, HFTextEncoder) or type(tower.pooler) is not ClsPooler or tower.output_tokens:
        return False
    tower.pooler.__class__ = FirstToken
    return True
