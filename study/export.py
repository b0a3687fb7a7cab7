"""Turn a trial of the front into a folder that plain open_clip loads, on any machine.

    python -m study.export results/arasaac_es knee merged
    cd merged && python -c 'import open_clip; model = open_clip.create_model("local-dir:.")'

See --help.
"""

import argparse
import shlex
import sys
from pathlib import Path

DESCRIPTION = """\
Merge what a trial trained into its base, and write one folder that open_clip loads without this project.

The folder can be copied to another machine and needs no network: weights, configuration, tokenizer, and a README.md
with lines that load it and embed an image and a text, its preprocessing, what was measured before and after training,
what it was trained on, and the licences of the data and the base."""

EXAMPLES = """\
examples:
  python -m study.export results/arasaac_es knee merged
      the knee of the front; the same without the word
  python -m study.export results/arasaac_es t003 merged
      a trial by its name: one whose adapter was kept, as those of all rows of pareto.csv are
  python -m study.export results/arasaac_es merged --pick "recall_at_1 >= 50"
      the trial that study/pareto.py --pick names
  python -m study.export results/arasaac_es baseline before
      the model before training"""


def export(directory: Path, trial: str | None, target: Path, pick: str | None = None) -> list[str]:
    """Merge what ``trial`` of the study in ``directory`` trained into its base and write that as ``target``.

    ``trial`` is one whose adapter was kept, the ``knee`` of the front, which ``None`` stands for, or ``baseline``; or
    it is the one that meets the conditions ``pick``. Returns lines that say what was written and how it is loaded.

    Raises ``UserError`` if there is no such study or trial, its adapter was not kept, ``target`` exists, is inside the
    study or cannot be written.
    """
    # Imported after the arguments are known to be good: --help answers at once.
    from study.quick_imports import quick_imports

    with quick_imports():
        from safetensors import SafetensorError

        from gap._torchvision_ops import MISSING
        from gap.errors import UserError
        from gap.models.export import check_new, export_checkpoint
        from gap.models.languages import in_language
        from study.export_story import tell_story
        from study.faults import fault_in
        from study.finished import read_finished
        from study.open_trial import load_trial, study_spec
        from study.retrieval.which import KNEE, choose, choose_by

    if trial is not None and pick is not None:
        raise UserError(f"--pick chooses the trial: leave out {trial}")
    study = read_finished(directory)
    check_new(target)
    if directory.resolve() in target.resolve().parents:
        raise UserError(
            f"export {target}: expected a place outside {directory}, where a study removes what it does not know"
        )
    chosen = choose(study, trial or KNEE) if pick is None else choose_by(study, pick)
    clip, wrapped = load_trial(directory, chosen.trial)
    story = tell_story(study, chosen.trial)
    try:
        export_checkpoint(in_language(clip, study_spec(directory)["language"]), wrapped, target, story)
    except (OSError, SafetensorError) as error:
        raise UserError(f"export {target}: {fault_in(error, target) or error}") from error
    modules = "gap, open_clip" if MISSING else "open_clip"  # gap makes up for what torchvision lacks on this machine
    code = f'import {modules}; model = open_clip.create_model("local-dir:.")'
    return [
        f"written: {target}, {chosen.trial} ({chosen.what})",
        f"cd {shlex.quote(str(target))} && python -c {shlex.quote(code)}",
        f"{target / 'README.md'}: how to embed with it, what was measured, licences",
    ]


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(
        prog="python -m study.export",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY", help="the directory that study/run.py wrote")
    parser.add_argument(
        "trial", nargs="?", metavar="TRIAL", help="such as t003, knee (of the front; the default), or baseline"
    )
    parser.add_argument("target", type=Path, metavar="DIRECTORY", help="a new directory, outside the study")
    parser.add_argument(
        "--pick", metavar="CONDITIONS", help='the best trial of the front with, say, "recall_at_1 >= 50"'
    )
    arguments = parser.parse_args()
    from gap.errors import UserError

    try:
        lines = export(arguments.study, arguments.trial, arguments.target, arguments.pick)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
