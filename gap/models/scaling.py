"""The factor s before the product BA of an adapter, as a function of its rank."""

import math
from collections.abc import Callable
from typing import Any

# In the words of PEFT's configuration, which is saved with the adapter: plain PEFT finds the same s. At rank 8 it is 1.
# rslora, s = √(8/r): what steps of AdamW add to a weight has one size at every rank.
# alpha, s = 8/r, a fixed alpha: it shrinks with the rank.
# rank, s = 1, alpha = rank: it grows with the rank.
# Source: Kalajdzievski 2023, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA"; Hu et al. 2021, "LoRA".
SCALINGS: dict[str, Callable[[int], dict[str, Any]]] = {
    "rslora": lambda rank: {"lora_alpha": math.sqrt(8), "use_rslora": True},
    "alpha": lambda rank: {"lora_alpha": 8},
    "rank": lambda rank: {"lora_alpha": rank},
}
