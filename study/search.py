"""Which pictures does a trial find for some words, or for a picture?

    python study/search.py results/arasaac_es "quiero comer una manzana" --top 12
    python study/search.py results/arasaac_es "quiero comer una manzana" --compare --html sheet.html

The trial's embeddings of the whole dataset are computed once and kept. See --help.
"""

import argparse
import sys
from pathlib import Path

DESCRIPTION = """\
Search in a study's pictures with what one of its trials learned: rank them by the cosine of their embeddings with
the query's.

The trial is the front's best in the first objective, unless --trial names another; the first line says which.
The first search with a trial embeds all pictures (or captions), which takes as long as the model takes; they are
kept in RESULTS/STUDY/embeddings and later searches start at once."""

EXAMPLES = """\
examples:
  python study/search.py results/arasaac_es "quiero comer una manzana" --top 12
      the twelve nearest pictures: cosine, id, whether the trial was trained on them, keywords
  python study/search.py results/arasaac_es "quiero comer una manzana" --compare --html sheet.html
      the model before training beside the trial; the pictures themselves in one HTML file
  python study/search.py results/arasaac_es "perro" --trial knee --split test
      with the knee of the front, among the pictures that no trial was trained on
  python study/search.py results/arasaac_es --image photo.jpg
      the captions nearest to a picture; with --to image the pictures nearest to it
  python study/search.py results/arasaac_es --like 2462 --to image --json
      pictures like one of the dataset's, by its id; JSON for scripts

A text is put into the prompt that the study's captions were made with, such as "Una imagen de {}"; --prompt "{}"
takes it as it stands. --csv writes an apostrophe before a text that a spreadsheet would take for a formula."""


def search(arguments: argparse.Namespace) -> None:
    """Ask, answer, show. Raises ``UserError`` on whatever cannot be asked, found or written."""
    # Imported after the arguments are known to be good: --help answers at once.
    from study.quick_imports import quick_imports

    with quick_imports():
        from study.finished import read_finished
        from study.open_trial import study_dataset
        from study.retrieval.ask import ask, make_query
        from study.retrieval.scripts import as_csv, as_json
        from study.retrieval.sheet import contact_sheet, write_sheet
        from study.retrieval.table import WIDTH, show_answer
        from study.retrieval.which import trials_to_ask
        from study.terminal import terminal

    study = read_finished(arguments.study)
    chosen = trials_to_ask(study, arguments.trial, compare=arguments.compare)
    dataset = study_dataset(arguments.study)
    query = make_query(
        dataset,
        text=arguments.query,
        image=arguments.image,
        like=arguments.like,
        prompt=arguments.prompt,
        own_prompt=study.about["spec"].get("prompt"),
    )
    answer = ask(
        study, dataset, query, chosen, to=arguments.to, top=arguments.top, split=arguments.split, index=arguments.index
    )
    if arguments.html:
        write_sheet(arguments.html, contact_sheet(answer, dataset))
    if arguments.json:
        print(as_json(answer))
    elif arguments.csv:
        print(as_csv(answer), end="")
    else:
        show_answer(answer, terminal(pipe_width=WIDTH, highlight=False))
        if arguments.html:
            print(f"written: {arguments.html}")


def parse_arguments() -> argparse.Namespace:
    """Read the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(
        prog="study/search.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY", help="the directory that study/run.py wrote")
    parser.add_argument("query", nargs="?", metavar="TEXT", help="the words to search with")
    parser.add_argument("--image", type=Path, metavar="FILE", help="search with a picture instead: PNG, JPEG, SVG, …")
    parser.add_argument("--like", metavar="ID", help="search with one of the dataset's pictures instead")
    parser.add_argument(
        "--to", choices=("image", "text"), help="what to rank (default: images for a text, texts for a picture)"
    )
    parser.add_argument("--top", type=int, default=12, metavar="N", help="how many to show (default: 12)")
    parser.add_argument(
        "--trial", metavar="TRIAL", help="such as t003, knee (of the front), or baseline (the model before training)"
    )
    parser.add_argument("--compare", action="store_true", help="show the model before training beside the trial")
    parser.add_argument(
        "--split", choices=("all", "train", "test"), default="all", help="search in this part (default: all)"
    )
    parser.add_argument(
        "--prompt",
        metavar="PROMPT",
        help='where {} is the text (default: that of the captions, such as "Una imagen de {}")',
    )
    parser.add_argument(
        "--index",
        action=argparse.BooleanOptionalAction,
        help="ask an index that is fast and may miss some (default: only above 2^28 numbers, where FAISS is installed)",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead of a table")
    output.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a contact sheet as well, with the pictures inside"
    )
    return parser.parse_args()


def main() -> int:
    """Run the command line; returns 0, or 2 on wrong input."""
    arguments = parse_arguments()
    from gap.errors import UserError

    try:
        search(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    # Python puts this file's own folder first; the packages are one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(main())
