"""Download ARASAAC's pictograms and their words."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from gap.data.arasaac.catalogue import LICENCE
from gap.data.arasaac.download import API, STATIC, Order, download
from gap.data.arasaac.languages import LANGUAGES
from gap.data.arasaac.place import default_place
from gap.data.arasaac.selection import EXCLUDABLE, Filters
from gap.data.arasaac.stock import SIZES
from gap.errors import UserError, unknown

DESCRIPTION = f"""\
Download ARASAAC's pictograms with their words, for the dataset arasaac.

{LICENCE}
By downloading you accept this licence: name the author, the source and the owner wherever you show a pictogram.

The whole is about 13,800 pictograms: 8 MB of words a language, 157 MB of pictures at 300 pixels. It can be interrupted
at any moment; the same command goes on where it was left, and fetches nothing twice."""

EXAMPLES = f"""\
examples:
  python -m gap.data.arasaac --lang es --lang en
      Spanish and English words, every picture, to the place where a study looks for them
  python -m gap.data.arasaac --lang es --exclude sex,violence --data-dir ~/arasaac
      without what is marked so; a study reads it with --data-dir ~/arasaac
  python -m gap.data.arasaac --lang es --categories animal,fruit --no-schematic --data-dir ~/animals
      a part of it; a category that does not exist is answered with the nearest ones
  python -m gap.data.arasaac --update
      what ARASAAC has added, changed and withdrawn since; studies of the edition before stay as they are

Languages, size and filters that are not given are those of the last time; --exclude '' takes all filters off.

languages: {" ".join(LANGUAGES)}

exit code: 0 all there, 1 something is missing (the last line says what, and how to go on), 2 wrong input,
130 interrupted"""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; a wrong one ends the process with code 2."""
    place = str(default_place()).replace("%", "%%")  # argparse reads a help text as a format
    parser = argparse.ArgumentParser(
        prog="python -m gap.data.arasaac",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--lang",
        action="append",
        default=[],
        metavar="CODE",
        dest="languages",
        help="a language of the words; may be given often (default: those that are there already)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"where it goes (default: {place})",
    )
    parser.add_argument("--size", type=int, choices=SIZES, help="pixels a side of the pictures (at first: 300)")
    parser.add_argument(
        "--exclude", type=_names, metavar="MARKS", help=f"leave out what is marked: {','.join(EXCLUDABLE)}"
    )
    parser.add_argument("--aac", action="store_true", help="only pictograms marked as made for AAC")
    parser.add_argument(
        "--schematic", action=argparse.BooleanOptionalAction, help="only schematic pictograms, or none (default: both)"
    )
    parser.add_argument(
        "--categories", type=_names, metavar="NAMES", help="only these categories, in English, by commas"
    )
    parser.add_argument("--update", action="store_true", help="ask ARASAAC what has changed, and fetch that")
    mirror = parser.add_argument_group("a mirror, https or at 127.0.0.1")
    mirror.add_argument("--api", default=API, metavar="URL", help=f"of the words (default: {API})")
    mirror.add_argument("--static", default=STATIC, metavar="URL", help=f"of the pictures (default: {STATIC})")
    return parser.parse_args(argv)


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted({name.strip() for name in text.split(",") if name.strip()}))


def order_of(arguments: argparse.Namespace) -> Order:
    """Turn the command line into an order. Raises UserError for a mark that does not exist."""
    exclude, categories = arguments.exclude or (), arguments.categories or ()
    for mark in exclude:
        if mark not in EXCLUDABLE:
            raise unknown("mark of --exclude", mark, EXCLUDABLE)
    given = (arguments.exclude, arguments.aac or None, arguments.schematic, arguments.categories)
    filters = Filters(exclude, arguments.aac, arguments.schematic, categories)
    return Order(
        languages=tuple(dict.fromkeys(arguments.languages)),
        size=arguments.size,
        filters=None if given == (None, None, None, None) else filters,
        update=arguments.update,
        api=arguments.api,
        static=arguments.static,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line."""
    arguments = parse_arguments(argv)
    directory = arguments.data_dir or default_place()
    command = shlex.join(["python", "-m", "gap.data.arasaac", *(sys.argv[1:] if argv is None else argv)])
    try:
        outcome = download(order_of(arguments), directory)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"arasaac: interrupted; go on with: {command}")
        return 130
    print(outcome.said(directory, command))
    return 0 if outcome.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
