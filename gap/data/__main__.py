"""Look at a dataset before anything is trained on it, or prepare it in advance.

    python -m gap.data check folder --data-dir ~/birds --language es
    python -m gap.data prepare webdataset --data-dir ~/shards --image-size 224

``check`` ends with code 0 where nothing was found that distorts results, 1 where training and test images have
something in common or a part is too small for a study, and 2 where the data cannot be read.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gap.data.dataset import open_dataset
from gap.data.prepare import prepare
from gap.data.sources import DATASETS
from gap.data.whole_files import replace_file
from gap.errors import UserError, visible

MODEL = "ViT-B-32"  # most of open_clip's models have its tokenizer, which is at hand without a download
FINE, LEAKS, WRONG_INPUT = 0, 1, 2


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"language": arguments.language, "image_size": arguments.image_size, "data_dir": arguments.data_dir}


def _check(arguments: argparse.Namespace) -> int:
    from gap.data.checking.check import check
    from gap.data.checking.findings import as_json, as_text
    from gap.data.checking.sheet import write_sheet

    out: Path = arguments.out or Path(f"check_{arguments.dataset}_{arguments.language}")
    found = check(arguments.dataset, prompt=arguments.prompt, model=arguments.model, **_how(arguments))
    whole = json.dumps(as_json(found), ensure_ascii=False, indent=1)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_sheet(out / "contact_sheet.png", found.dataset)
        replace_file(out / "check.json", lambda temporary: temporary.write_text(whole, encoding="utf-8"))
    except OSError as error:
        raise UserError(f"--out {out}: cannot write there: {error.strerror or error}") from error
    print(whole if arguments.json else "\n".join(map(visible, as_text(found))))
    if not arguments.json:
        print(f"All of it is in {out / 'check.json'}, some images with their captions in {out / 'contact_sheet.png'}")
    return LEAKS if found.leaks or found.parts.fault else FINE


def _prepare(arguments: argparse.Namespace) -> int:
    prepared = prepare(arguments.dataset, prompt=arguments.prompt, **_how(arguments))
    for remark in open_dataset(prepared).remarks:
        print(f"{arguments.dataset}: {visible(remark)}", file=sys.stderr)
    print(prepared)
    return FINE


def parse_arguments(command: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gap.data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("dataset", metavar="DATASET", help=f"one of {', '.join(DATASETS)}")
    common.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data is")
    common.add_argument(
        "--language", default="en", metavar="TAG", help="of the captions, such as en (default), es or pt-BR"
    )
    common.add_argument("--image-size", type=int, default=224, metavar="N", help="pixels of the model (default: 224)")
    common.add_argument("--prompt", metavar="TEXT", help="with one {}, where keywords or the caption go")
    look = commands.add_parser("check", parents=[common], help="count, compare, find leaks, draw a contact sheet")
    look.add_argument("--out", type=Path, metavar="DIR", help="for contact_sheet.png and check.json")
    look.add_argument(
        "--model",
        default=MODEL,
        metavar="NAME",
        help=f"whose tokenizer reads the captions: one of open_clip's, mini or tiny (default: {MODEL}, CLIP's own)",
    )
    look.add_argument("--json", action="store_true", help="print check.json instead of a text")
    commands.add_parser("prepare", parents=[common], help="fill the cache; prints the prepared directory")
    return parser.parse_args(command)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"check": _check, "prepare": _prepare}


def main(command: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    arguments = parse_arguments(command)
    try:
        return COMMANDS[arguments.command](arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
