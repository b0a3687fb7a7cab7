"""The command line of ``study/run.py``. Imports nothing heavy: ``--help`` answers at once."""

import argparse
from collections.abc import Sequence
from pathlib import Path

DESCRIPTION = """\
Search how far the modality gap of a CLIP model can be closed before retrieval suffers.

Fine-tunes CLIP once a trial, with the loss terms, alpha, beta and adapter rank that Optuna proposes, and writes
the Pareto front of recall against gap to RESULTS_DIR/NAME/pareto.csv. Without a CUDA GPU the same command runs
the space's rehearsal: a small model, a few minutes, its directory named NAME-rehearsal."""

EXAMPLES = """\
examples:
  python study/run.py --space arasaac_es.yaml
      the study as the space describes it; a rehearsal on the bundled pictograms where there is no GPU
  python study/run.py --space arasaac_es.yaml --data-dir ~/arasaac --dry-run
      what would be run, what would be trained, how long it would take
  python study/run.py --space thesis_en.yaml --epochs 3 --set lr=3e-5 --set rank=16 --name thesis_r16
      change settings of a space; one that is searched becomes fixed

spaces are YAML files: a path, or a name in search_spaces/. While it runs, tensorboard --logdir
RESULTS_DIR/NAME/tensorboard shows the curves. results/README.md explains every column of every table."""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="study/run.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--space", required=True, metavar="YAML", help="the search space, such as arasaac_es.yaml")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="your local copy of the dataset")
    parser.add_argument(
        "--profile",
        choices=("auto", "study", "rehearsal"),
        default="auto",
        help="study: the space as it stands; rehearsal: with the changes of its rehearsal block; "
        "auto (default): the study on a CUDA GPU, the rehearsal elsewhere",
    )
    parser.add_argument("--trials", type=int, metavar="N", help="number of trials, one after another")
    parser.add_argument("--epochs", type=int, metavar="N", help="epochs of each trial")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the search and of every trial")
    parser.add_argument(
        "--model", metavar="NAME[:WEIGHTS]", help="open_clip model with a tag or a checkpoint file, or mini, or tiny"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="change any setting of the space, as YAML; may be given often",
    )
    parser.add_argument("--name", help="name of the results directory (default: that of the space)")
    parser.add_argument(
        "--results-dir", type=Path, default=Path("results"), metavar="DIR", help="where results go (default: results)"
    )
    parser.add_argument("--overwrite", action="store_true", help="move an existing results directory aside")
    parser.add_argument("--dry-run", action="store_true", help="show the resolved study and its cost, run nothing")
    return parser.parse_args(argv)
