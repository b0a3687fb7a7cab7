"""Histograms of cosines, epoch by epoch: the thesis's figures 5.3-5.6 and D.1-D.18 as they come about."""

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from study.seen import Cosines


def add_histograms(writer: SummaryWriter, epoch: int, cosines: Cosines) -> None:
    """Write the counts of every kind of pairs that has any."""
    for kind, counted in cosines.items():
        counts = np.array(counted, dtype=np.float64)
        if not counts.any():
            continue
        edges = np.linspace(-1, 1, len(counts) + 1)
        centres = (edges[:-1] + edges[1:]) / 2
        used = np.flatnonzero(counts)
        first, last = used[0], used[-1] + 1
        writer.add_histogram_raw(
            f"cosines/{kind}",
            min=edges[first],
            max=edges[last],
            num=int(counts.sum()),
            sum=counts @ centres,
            sum_squares=counts @ centres**2,
            # TensorBoard takes the first bucket to begin at minus infinity: an empty one goes before it.
            bucket_limits=edges[first : last + 1].tolist(),
            bucket_counts=[0.0, *counts[first:last].tolist()],
            global_step=epoch,
        )
