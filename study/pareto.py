"""What did a study find: which trials are on its front, how sure is that, and what made the difference?

    python study/pareto.py results/arasaac_es
    python study/pareto.py results/arasaac_es --pick "recall_at_1 >= 50"

Reads what a study left, or has left so far; changes nothing. See --help and results/README.md.
"""

import argparse
import sys
from pathlib import Path

DESCRIPTION = """\
Show the Pareto front of a study: the trials that no other trial beats in every objective.

Prints the front under the model before training, with the knee marked ◆, the adapter of each trial and, where
trials were repeated with other seeds, mean ± standard error and the probability that a trial belongs on the front;
then the front's hypervolume, neighbours that the re-runs do not tell apart, how much of each objective every searched
parameter explains in a random forest, how well that forest tells trials that it has not seen, and the marginal effect
of every loss term."""

EXAMPLES = """\
examples:
  python study/pareto.py results/arasaac_es
      the whole picture
  python study/pareto.py results/arasaac_es --pick "recall_at_1 >= 50"
      the one trial with the smallest gap among those of the front that keep recall: its parameters, its adapter
  python study/pareto.py results/arasaac_es --pick "modality_gap <= 0.4 and recall_at_10 >= 70"
      several conditions, joined by "and" or ","

--pick takes >=, <=, > and < on any numeric column of pareto.csv and gives the trial that is best in the first
objective that no condition names, or in the last objective if all are named. When no trial meets a condition, the
error says the nearest value that one has. python -m study.export merges the adapter into a checkpoint."""


def show(directory: Path, wanted: str | None) -> None:
    """Print the study in ``directory``, or the trial that meets the conditions ``wanted``.

    Raises ``UserError`` if there is no study, or no such trial.
    """
    # Imported after the arguments are known to be good: --help answers at once.
    import optuna

    from gap.errors import UserError
    from study.choice import pick
    from study.conditions import parse_conditions
    from study.finished import read_finished
    from study.pareto_tables import WIDTH, show_choice, show_study
    from study.terminal import terminal

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    console = terminal(pipe_width=WIDTH)
    study = read_finished(directory)
    if wanted is None:
        show_study(study, console)
        return
    if not len(study.front):
        raise UserError(f"{directory}: no trial is on the front yet")
    conditions = parse_conditions(wanted, study.front.select_dtypes("number").columns)
    show_choice(study, pick(study.front, conditions, study.objectives), console)


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="study/pareto.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY", help="the directory that study/run.py wrote")
    parser.add_argument("--pick", metavar="CONDITIONS", help='only the best trial with, say, "recall_at_1 >= 50"')
    arguments = parser.parse_args()
    from gap.errors import UserError

    try:
        show(arguments.study, arguments.pick)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
