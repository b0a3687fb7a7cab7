"""One optimiser step of DoRA against its peers: PEFT's adapters as they come, and full fine-tuning."""

import torch

from benchmarks.rows import Row, ratio_row
from benchmarks.training import FROZEN, OURS, measure_steps

ROUNDS = 5
MODELS = (("mini", 90), ("ViT-B-32", 16))


def steps(models: tuple[tuple[str, int], ...] = MODELS, rounds: int = ROUNDS) -> list[Row]:
    """Time a step of ours and of every peer in turn; the aim beside LoRA is at most 1.10."""
    rows = []
    for model, batch in models:
        seconds = measure_steps(model, None, batch, rounds)
        ours = seconds.pop(OURS)
        seconds.pop(FROZEN)
        for peer, theirs in seconds.items():
            note = f"{sorted(ours)[len(ours) // 2]:.2f} s a step, fp32, {torch.get_num_threads()} threads"
            rows.append(ratio_row(f"DoRA step, {model}, batch {batch}", peer, ours, theirs, note))
    return rows
