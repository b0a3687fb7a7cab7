"""Every few-shot classifier by name. All take (shots, labels, class_features, queries, *, seed, logit_scale, …)."""

from collections.abc import Callable

from torch import Tensor

from gap.classification.clip_adapter import clip_adapter
from gap.classification.tip_adapter import tip_adapter, tip_adapter_f
from gap.classification.tip_x import tip_x
from gap.classification.zero_shot import zero_shot

METHODS: dict[str, Callable[..., Tensor]] = {
    "zero_shot": zero_shot,
    "clip_adapter": clip_adapter,
    "tip_adapter": tip_adapter,
    "tip_adapter_f": tip_adapter_f,
    "tip_x": tip_x,
}
