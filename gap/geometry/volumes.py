"""How little of a cube its inscribed ball fills as the dimension grows (thesis, annex E).

python -m gap.geometry.volumes volumes.png
"""

import argparse
import math
import sys
from pathlib import Path

from matplotlib.figure import Figure


def log_ball_volume(d: int, radius: float = 1.0) -> float:
    """Give ln of the volume of a ball in R^d: ln 2 + d ln r + (d/2) ln π − ln d − ln Γ(d/2).

    In logarithms, since r = 1 in d = 768 has a volume of about 1e-635. Raises ``ValueError`` for d < 1 or r ≤ 0.

    Source: thesis, equation E.2.

    >>> round(math.exp(log_ball_volume(3)) / math.pi, 6)
    1.333333
    """
    _check(d, radius)
    return math.log(2) + d * math.log(radius) + d / 2 * math.log(math.pi) - math.log(d) - math.lgamma(d / 2)


def log_cube_volume(d: int, radius: float = 1.0) -> float:
    """Give ln of the volume of the cube around that ball: d ln 2r. Raises ``ValueError`` for d < 1 or r ≤ 0.

    Source: thesis, equation E.1.

    >>> round(math.exp(log_cube_volume(3)), 6)
    8.0
    """
    _check(d, radius)
    return d * math.log(2 * radius)


def log_ratio(d: int) -> float:
    """Give ln of cube/ball, which grows without bound and does not depend on the radius.

    Source: thesis, equation E.3.

    >>> round(math.exp(log_ratio(2)) * math.pi, 6)
    4.0
    """
    return log_cube_volume(d) - log_ball_volume(d)


def draw(dimensions: int = 768) -> Figure:
    """Plot both volumes for a radius of 1, and the share of the cube that the ball fills, over the dimension."""
    figure = Figure(figsize=(9, 3.6), dpi=150, layout="constrained")
    volumes, share = figure.subplots(1, 2)
    few, many = list(range(1, 21)), list(range(1, dimensions + 1))
    volumes.plot(
        few, [math.exp(log_ball_volume(d)) for d in few], marker="o", color="#0072b2", label="ball of radius 1"
    )
    volumes.plot(few, [math.exp(log_cube_volume(d)) for d in few], marker="s", color="#d55e00", label="cube of side 2")
    volumes.set(xlabel="dimension d", ylabel="volume", yscale="log")
    volumes.legend(frameon=False)
    share.plot(many, [-log_ratio(d) / math.log(10) for d in many], color="#0072b2")
    share.set(xlabel="dimension d", ylabel="log₁₀ of ball / cube")
    for axes in (volumes, share):
        axes.grid(alpha=0.25)
    return figure


def _check(d: int, radius: float) -> None:
    if d < 1 or not radius > 0:
        raise ValueError(f"expected d of at least 1 and a radius above 0, got d = {d} and r = {radius}")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m gap.geometry.volumes", description=__doc__)
    parser.add_argument("picture", type=Path, metavar="PICTURE", help=".png, .svg or .pdf")
    draw().savefig(parser.parse_args().picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
