"""Set a study of the thesis's loss combinations beside the thesis's own table.

python -m study.thesis results/thesis_es
python -m study.thesis results/thesis_es results/thesis_es-seed1 --csv comparison.csv

The table is that of the study's dataset and language: 5.5 MS-COCO, 5.6 ARASAAC in English, 5.7 ARASAAC in Spanish.
Several studies of one space that differ in their seed alone give a mean and its standard error. A change is a row's
difference to another row of the same study, so changes are paired over the seeds. The CSV has a row for each row of the
table and metric: `published`, `measured`, `standard_error`, `n` (studies), and the same for the change against
`initial` and against `ce`, with its 95 % interval (`_low`, `_high`), `agrees_initial` and `agrees_ce`.

Splits, equal captions, ties and directions are not known to be the thesis's: what differs is printed first.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gap.errors import UserError


def compare(directories: Sequence[Path], csv: Path | None) -> None:
    """Print the comparison, and write it to ``csv`` if one is given.

    Raises ``UserError`` if a directory holds no such study, or the studies do not belong together.
    """
    from study.agreement import compare_effects, compare_values
    from study.caveats import caveats
    from study.measured import check_same, read_study
    from study.open_trial import study_dataset, study_spec
    from study.published import published_table
    from study.results import write_csv
    from study.terminal import terminal
    from study.thesis_tables import WIDTH, comparison, show

    spec = study_spec(directories[0])
    try:
        table = published_table(str(spec["dataset"]), str(spec["language"]))
    except KeyError as error:
        raise UserError(f"{directories[0]} holds no study: study.json has no {error}") from error
    studies = [read_study(directory, list(table.values.columns)) for directory in directories]
    check_same(studies)
    values, effects = compare_values(table, studies), compare_effects(table, studies)
    try:
        remarks = caveats(table, study_dataset(directories[0]))
    except UserError as error:
        remarks = caveats(table, None, str(error))
    show(table, studies, values, effects, remarks, terminal(pipe_width=WIDTH))
    if csv is not None:
        try:
            write_csv(comparison(table, studies, values, effects), csv)
        except OSError as error:
            raise UserError(f"--csv {csv}: cannot write it: {error.strerror or error}") from error


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m study.thesis", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", type=Path, nargs="+", metavar="RESULTS/STUDY")
    parser.add_argument("--csv", type=Path, metavar="PATH", help="write the comparison as a table, too")
    arguments = parser.parse_args()
    try:
        compare(arguments.studies, arguments.csv)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
