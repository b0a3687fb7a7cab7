"""Everything that a study found on one page, with figures and tables that a paper can take.

    python study/report.py results/arasaac_es
    python study/report.py results/arasaac_es --trials t003 t007

Writes report.html, figures/ and tables/ into the study's directory. See --help and results/README.md.
"""

import argparse
import sys
from pathlib import Path

DESCRIPTION = """\
Write the report of a study: one HTML file that opens anywhere, offline, on a phone as well.

It tells in plain words what the study found and how sure that is, and shows the Pareto front, hypervolume over time,
importances and effects of loss terms, parallel coordinates, curves, cosine histograms before and after, a map of image
and text embeddings, the gap by dimension, retrieval that got better and worse, the thesis's table beside the study's,
all trials and where everything comes from. figures/ holds pictures for a paper (SVG and PNG), tables/ LaTeX (booktabs).

A study writes this when it ends. It can be written before, too, and again afterwards: after python -m study.posthoc,
say, the post-hoc front is in it."""

EXAMPLES = """\
examples:
  python study/report.py results/arasaac_es
      results/arasaac_es/report.html, results/arasaac_es/figures/, results/arasaac_es/tables/
  python study/report.py results/arasaac_es --trials t003 t007
      histograms, maps and retrieval of these two trials instead of up to six of the front
  python study/report.py results/arasaac_es --output ~/paper/study.html
      ~/paper/study.html, ~/paper/figures/, ~/paper/tables/

Embeddings of a trial that were not kept are made anew, if its adapter and the study's data are at hand; where they are
not, the section says so."""


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="study/report.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY", help="the directory that study/run.py wrote")
    parser.add_argument(
        "--trials", nargs="+", metavar="TRIAL", help="trials to show in detail (default: up to six of the front)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="PAGE", help="where to write (default: report.html in the study)"
    )
    arguments = parser.parse_args()
    from gap.errors import UserError

    try:
        # Imported after the arguments are known to be good: --help answers at once.
        import optuna

        from study.reporting.write import make_report

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = make_report(arguments.study, arguments.trials, arguments.output)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written: {path}, {path.parent / 'figures'}, {path.parent / 'tables'}")
    return 0


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
