"""Draw the front of a study: its two objectives, every trial, the model before training.

python -m study.plot_front results/arasaac_es-rehearsal front.png

The same picture as figures/front.png beside a study's report, wherever and in whichever format it is wanted.
"""

import argparse
import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from gap.errors import UserError
from study.finished import read_finished
from study.reporting.papers.canvas import DPI, STYLE
from study.reporting.papers.front import draw_front


def front_of(directory: Path) -> Figure:
    """Draw the first objective over the second.

    Raises ``UserError`` when the directory holds no study with two objectives and a trial that has ended.
    """
    figure = draw_front(read_finished(directory))
    if figure is None:
        raise UserError(f"{directory}: a front is drawn for 2 objectives or more and a trial that has ended")
    return figure


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m study.plot_front", description=__doc__)
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument("picture", type=Path, metavar="PICTURE", help=".png, .svg or .pdf")
    arguments = parser.parse_args()
    try:
        with matplotlib.rc_context(STYLE):
            front_of(arguments.study).savefig(arguments.picture, dpi=DPI)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
