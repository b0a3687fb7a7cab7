"""See the modality gap: points on a sphere, a study's front, a search; in the browser, on this machine alone.

    python study/explorer.py
    python study/explorer.py results/arasaac_es results/arasaac_en

See --help.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = """\
Serve the explorer to a browser on this machine: open the address that it prints. Ctrl-C ends it.

The sphere needs nothing: two clouds of unit vectors, images and texts, at an angle and with a concentration that
you choose; what every loss term and metric makes of them, and where gradient descent of a loss takes them.
With the results of a study, also while it runs, its front, curves and retrieved pictures, and a search with a
trial's adapter. Two studies are shown on one front."""

EXAMPLES = """\
examples:
  python study/explorer.py
      the sphere alone
  python study/explorer.py results/arasaac_es
      a study, finished or running
  python study/explorer.py results/arasaac_es results/arasaac_en --port 8051
      two studies on one front, on another port

The explorer listens on 127.0.0.1 and answers nobody else. To see it from another machine, forward the port:
  ssh -L 8050:127.0.0.1:8050 THE_MACHINE"""


def explore(directories: Sequence[Path], port: int) -> None:
    """Serve the explorer over these studies until Ctrl-C.

    Raises ``UserError`` if a directory holds no study, or the port cannot be had.
    """
    # Imported after the arguments are known to be good: --help answers at once.
    from study.explore.app import make_app
    from study.explore.server import listen, serve

    if directories:
        import optuna

        from study.finished import read_finished

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        for directory in directories:
            read_finished(directory)
    with listen(port) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        serve(make_app(directories).server, listening, lambda: print(f"{address}  (Ctrl-C ends it)", flush=True))


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="study/explorer.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "studies", type=Path, nargs="*", metavar="RESULTS/STUDY", help="directories that study/run.py wrote"
    )
    parser.add_argument("--port", type=int, default=8050, help="where to listen (default: 8050; 0 takes any free one)")
    arguments = parser.parse_args()
    if not 0 <= arguments.port <= 65535:
        parser.error(f"--port: expected 0 to 65535, got {arguments.port}")
    from gap.errors import UserError

    try:
        explore(list(dict.fromkeys(arguments.studies)), arguments.port)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 0


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
