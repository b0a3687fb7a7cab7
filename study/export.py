"""Turn a trial of the front into a checkpoint that plain open_clip loads.

python -m study.export results/arasaac_es t003 merged
python -c 'import open_clip; model = open_clip.create_model("local-dir:merged")'
"""

import argparse
import sys
from pathlib import Path

from gap.errors import UserError


def export(directory: Path, trial: str, target: Path) -> None:
    """Merge what ``trial`` of the study in ``directory`` trained into its base and write that as ``target``.

    Raises ``UserError`` if there is no such study or trial, its adapter was not kept, or ``target`` exists.
    """
    from gap.models.export import export_checkpoint
    from gap.models.languages import in_language
    from study.open_trial import load_trial, study_spec

    clip, wrapped = load_trial(directory, trial)
    export_checkpoint(in_language(clip, study_spec(directory)["language"]), wrapped, target)


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m study.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY")
    parser.add_argument("trial", metavar="TRIAL", help="such as t003: a row of pareto.csv")
    parser.add_argument("target", type=Path, metavar="DIRECTORY", help="a new directory for the checkpoint")
    arguments = parser.parse_args()
    try:
        export(arguments.study, arguments.trial, arguments.target)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f'written: open_clip.create_model("local-dir:{arguments.target}")')
    return 0


if __name__ == "__main__":
    sys.exit(main())
