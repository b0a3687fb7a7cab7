"""One page on every loss term, made from the registry.

python -m gap.losses.page            prints it
python -m gap.losses.page --write    replaces docs/terms.md
"""

import argparse
import inspect
import math
import re
import sys
from pathlib import Path

import torch

from gap.losses.registry import TERMS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "terms.md"
# Degrees on the circle: no two vectors at a right angle, where an absolute value turns, and the pairs not symmetric.
IMAGES, TEXTS = (10.0, 50.0), (100.0, 170.0)
INTRODUCTION = f"""\
# Loss terms

Made by `python -m gap.losses.page --write` from the docstrings in `gap/losses`. The total loss is `ce` or `siglip` plus
the weighted terms that a trial chooses. x_i are image embeddings, y_i text embeddings, unit vectors in R^d; row i of
each is a pair; n rows; c_ij = <x_i, y_j>; s = `logit_scale`, the multiplier of the cosines.

*Gradient descent* says where a small step would move each of two pairs on a circle, with x₁ at {IMAGES[0]:.0f}°, x₂ at
{IMAGES[1]:.0f}°, y₁ at {TEXTS[0]:.0f}° and y₂ at {TEXTS[1]:.0f}°, s = 1, α = β = 1: the sign is the direction (+ is
towards greater angles, so + brings images to the texts and − brings texts to the images), the number the slope of the
loss in 1/radian.
"""


def slopes(name: str) -> list[float]:
    """Give minus the derivative of a term in the angles of x₁, x₂, y₁, y₂ of the example.

    >>> [round(slope, 3) for slope in slopes("align")]  # every vector moves towards its partner
    [1.0, 0.866, -1.0, -0.866]
    """
    angles = torch.tensor([*IMAGES, *TEXTS], dtype=torch.float64).mul(math.pi / 180).requires_grad_()
    points = torch.stack([angles.cos(), angles.sin()], dim=1)
    (gradient,) = torch.autograd.grad(TERMS[name](points[:2], points[2:]), angles)
    return [-value for value in gradient.tolist()]


def describe(name: str) -> dict[str, str]:
    """Take a term's docstring apart: what it does, its equation and remarks, its range, its source.

    >>> describe("align")["range"]
    '[0, 4]'
    """
    paragraphs = (inspect.getdoc(TERMS[name]) or "").split("\n\n")
    body = " ".join(" ".join(part.split()) for part in paragraphs[1:] if not part.startswith((">>>", "Source:")))
    source = next(" ".join(part.split()) for part in paragraphs if part.startswith("Source:"))
    found = re.search(r"Range ([\[(](?:[^()\[\]]|\((?:[^()]|\([^()]*\))*\))*[\])])(?=[\s.;,])", body)
    if found is None:
        raise ValueError(f"the docstring of {name} names no range")
    return {"does": paragraphs[0], "body": body, "range": found[1], "source": source.removeprefix("Source: ")}


def page() -> str:
    """Write the whole page."""
    sections = [INTRODUCTION]
    for name, term in TERMS.items():
        about = describe(name)
        keywords = [f"`{p.name}`" for p in inspect.signature(term).parameters.values() if p.kind is p.KEYWORD_ONLY]
        moved = ", ".join(f"{x} {_signed(v)}" for x, v in zip(("x₁", "x₂", "y₁", "y₂"), slopes(name), strict=True))
        sections.append(
            f"## `{name}`\n\n{about['does']}\n\n- Definition: {about['body']}\n- Range: {about['range']}\n"
            f"- Keywords: {', '.join(keywords) or 'none'}\n- Gradient descent: {moved}\n- Source: {about['source']}\n"
        )
    return "\n".join(sections)


def _signed(value: float) -> str:
    return "0" if abs(value) < 5e-4 else f"{value:+.3f}".replace("-", "−")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gap.losses.page", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"replace {PAGE.parent.name}/{PAGE.name}")
    if not parser.parse_args().write:
        print(page(), end="")
        return 0
    temporary = PAGE.with_name(f".{PAGE.name}.part")
    temporary.write_text(page(), encoding="utf-8")
    temporary.replace(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
