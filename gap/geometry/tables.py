"""The thesis's tables 5.1-5.4 again, beside the published figures and the exact expectations.

python -m gap.geometry.tables
python -m gap.geometry.tables --csv tables

Two modalities are drawn from power-spherical distributions on the sphere of R³, their axes at an angle θ. For each
printed figure: the exact expectation of the printed formula, one draw, the standard deviation of a draw, and whether
the printed figure lies within 3 such deviations (and its last digit) of the expectation. About 15 seconds on one core.
"""

import argparse
import csv
import io
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from gap.geometry.columns import COLUMNS
from gap.geometry.power_spherical import sample

PUBLISHED = Path(__file__).with_name("published")
HEADER = ("table", "theta_deg", "kappa", "n", "column", "published", "exact", "one_draw", "sd", "follows")
Row = dict[str, str | float | int]


@dataclass(frozen=True)
class Setting:
    """What a table holds fixed: rows n, and the angle in degrees or the concentration that it does not vary."""

    n: int
    theta: float | None
    kappa: float | None


# n of 5.1 and 5.2 and the κ of 5.2 are not printed. n = 50 is that of 5.3; κ = 200 is what 1.40 and 1.98 follow from:
# at 180° the gap is 2κ/(κ + 2), so 1.98 needs κ between 158 and 264.
TABLES = {
    "5_1": Setting(n=50, theta=0.0, kappa=None),
    "5_2": Setting(n=50, theta=None, kappa=200.0),
    "5_3": Setting(n=50, theta=None, kappa=500.0),
    "5_4": Setting(n=500, theta=0.0, kappa=None),
}
ALTERNATIVES = ("orthogonal_inter", "cyclip", "variance")
NOTES = """\
5.2  κ is not printed: the figures match κ = 200 (ρ = 0.990); at 180° the gap 2ρ = 1.98 leaves κ between 158 and 264.
5.3  orthogonal_inter: with the printed absolute values the cells cannot cancel, and 90° gives about 0.14. The printed
     0.00, and all four rows, follow from the absolute value of the sum (orthogonal_inter*) instead.
5.3  cyclip: the printed 1/n gives 0.01 to 0.78. The printed column follows from ln n, the cross-entropy of features
     that tell nothing at scale 1, plus both terms divided by n² (cyclip*): 3.91 is ln 50.
5.4  cyclip: 6.21 at κ = 500 is ln 500. At smaller κ the excess over ln n is about 68 times the variance of a cosine,
     with neither 1/n (2,000 times) nor 1/n² (4 times). The printed 1/n with a weight of 0.035 would fit, but no such
     weight is stated: from what it follows was not found.
5.3, 5.4  variance: the figures are negative, as the printed −β(...) makes them, although the prose speaks of minimising
     variance: a positive β rewards it. They lie within 1 deviation of the variance of all cells off the diagonal
     together (variance*), and 1 to 3 from the printed mean over rows.
5.4  θ is not printed: orthogonal_intra equals orthogonal_inter in every row, which is θ = 0."""


def rows(table: str, *, draws: int, generator: torch.Generator) -> list[Row]:
    """Give every figure of a table, and under ``<name>*`` what a column follows from where its formula does not fit."""
    setting = TABLES[table]
    result: list[Row] = []
    with (PUBLISHED / f"table_{table}.csv").open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))
    for line in printed:
        theta = float(line["theta_deg"]) if setting.theta is None else setting.theta
        kappa = float(line["kappa"]) if setting.kappa is None else setting.kappa
        pairs = [_draw(setting.n, math.radians(theta), kappa, generator) for _ in range(draws)]
        for name in [key for key in line if key in COLUMNS]:
            for column in (name, f"{name}*") if name in ALTERNATIVES else (name,):
                values = torch.tensor([COLUMNS[column].sampled(*pair) for pair in pairs], dtype=torch.float64)
                exact, sd = COLUMNS[column].exact(setting.n, math.radians(theta), kappa), values.std().item()
                near = abs(float(line[name]) - exact) <= 3 * sd + _half_digit(line[name])
                where = (table.replace("_", "."), theta, kappa, setting.n, column)
                figures = (line[name], exact, values[0].item(), sd, "yes" if near else "no")
                result.append(dict(zip(HEADER, (*where, *figures), strict=True)))
    return result


def _draw(n: int, theta: float, kappa: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    axes = torch.tensor([[0.0, 0.0, 1.0], [math.sin(theta), 0.0, math.cos(theta)]], dtype=torch.float64)
    return sample(n, axes[0], kappa, generator=generator), sample(n, axes[1], kappa, generator=generator)


def _half_digit(printed: str) -> float:
    """Give half a unit of the last printed digit; a bare 0 stands for the thesis's "about 0", less than 0.005.

    >>> round(_half_digit("-8.13e-3"), 7), _half_digit("1.94"), _half_digit("0")
    (5e-06, 0.005, 0.005)
    """
    mantissa, _, exponent = printed.partition("e")
    digits = len(mantissa.partition(".")[2]) or 2
    return 0.5 * 10.0 ** (int(exponent or 0) - digits)


def write(table: Sequence[Row], path: Path) -> None:
    """Write a table as CSV, all of it or nothing."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(buffer.getvalue(), encoding="utf-8")
    temporary.replace(path)


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m gap.geometry.tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--csv", type=Path, metavar="DIR", help="also write table_5_1.csv ... table_5_4.csv there")
    parser.add_argument("--draws", type=int, default=50, metavar="N", help="draws for the deviation (default: 50)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draws (default: 0)")
    arguments = parser.parse_args()
    if arguments.draws < 2:
        parser.error(f"--draws: expected at least 2, got {arguments.draws}")
    generator = torch.Generator().manual_seed(arguments.seed)
    for table in TABLES:
        made = rows(table, draws=arguments.draws, generator=generator)
        print(f"\nTable {table.replace('_', '.')}, n = {TABLES[table].n}")
        print(f"{'θ':>4} {'κ':>4}  {'':<18}{'published':>10}{'exact':>11}{'one draw':>11}{'sd':>10}  follows")
        for row in made:
            print(
                f"{row['theta_deg']:>4.0f} {row['kappa']:>4.0f}  {row['column']:<18}{row['published']:>10}"
                f"{row['exact']:>11.4g}{row['one_draw']:>11.4g}{row['sd']:>10.2g}  {row['follows']}"
            )
        if arguments.csv:
            try:
                write(made, arguments.csv / f"table_{table}.csv")
            except OSError as error:
                print(f"error: --csv {arguments.csv}: cannot write ({error.strerror})", file=sys.stderr)
                return 2
    print(f"\n{NOTES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
