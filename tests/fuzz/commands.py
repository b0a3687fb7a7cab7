"""The command lines, in this process, on a study's directory whose files may be damaged; no study is started."""

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from hypothesis import strategies as st
from reported_study import write_reported_study
from rich.console import Console

import study.explorer
import study.export
import study.fewshot
import study.pareto
import study.plot_front
import study.posthoc
import study.report
import study.run
import study.search
import study.thesis
from fuzz.mutate import changed, damaged, texts
from gap.errors import UserError
from study.begin import wanted
from study.overrides import overrides
from study.resume import read_about, resumed_spec

SECONDS = 120
STUDY, DAMAGED = (
    "study-rehearsal",
    ("study.json", "trials.csv", "pareto.csv", "epochs.csv", "baseline.csv", "optuna.db"),
)
OPTIONS = {
    "run": ("--space", "--resume", "--data-dir", "--profile", "--trials", "--hours", "--replicates", "--epochs",
            "--seed", "--model", "--set", "--name", "--results-dir", "--no-report", "--overwrite", "--concurrent",
            "--gpus-per-trial", "--dry-run", "--memory", "--tflops", "--utilisation"),
    "search": ("--image", "--like", "--to", "--top", "--trial", "--compare", "--split", "--prompt", "--json", "--csv",
               "--html", "--no-index"),
    "report": ("--trials", "--output"),
    "pareto": ("--pick",),
    "export": (),
    "posthoc": ("--trial", "--split", "--help"),
    "fewshot": ("--trial", "--dataset", "--data-dir", "--shots", "--seeds", "--csv"),
    "thesis": ("--csv",),
    "plot_front": (),
    "explorer": ("--port",),
}  # fmt: skip
WORDS = (
    STUDY, "no/study", "arasaac_es.yaml", "pictograms_es", "image.png", "out", "out.csv", "out.html", "t000", "t001",
    "t999", "baseline", "knee", "image", "text", "all", "test", "rehearsal", "study", "auto", "tiny", "tiny:none.pt",
    "1", "3", "-1", "0", "1e400", "nan", "lr=1e-5", "terms=ce+variance", "rank={choices: [2, 4]}", "seed=-1", "a bee",
    "recall_at_1 >= 50", "modality_gap < 0.4 and rank = 3", ">=", "squares", "cifar10", "eurosat", "--", "-x",
)  # fmt: skip


def harmless(word: str) -> bool:
    """Leave out what names places outside the directory that the commands run in: a user may write anywhere."""
    return not any(sign in word for sign in ("..", "~", "\x00")) and not word.startswith("/")


def _argv(command: str) -> st.SearchStrategy[tuple[str, list[str]]]:
    word = st.sampled_from(WORDS) | texts().filter(harmless)
    option = st.sampled_from([*OPTIONS[command], *OPTIONS[command], *OPTIONS[command], "--nonsense", "--help"])
    pair = st.tuples(option, word).map(list)
    rest = st.lists(pair | word.map(lambda one: [one]) | option.map(lambda one: [one]), max_size=3).map(
        lambda parts: [one for part in parts for one in part]
    )
    first = st.sampled_from(([STUDY], [STUDY], [STUDY, "t000", "out"], [STUDY, "a bee"], []))
    begins = first if command != "run" else st.sampled_from((["--space", "arasaac_es"], ["--resume", STUDY], []))
    return st.tuples(st.just(command), st.tuples(begins, rest).map(lambda both: [*both[0], *both[1]]))


# A report takes seconds, so few of them are asked for.
COMMAND = st.sampled_from([name for name in OPTIONS for _ in range(1 if name in ("report", "plot_front") else 6)])


@st.composite
def _inputs(draw: st.DrawFn) -> tuple[str, list[str], tuple[str, bytes] | None]:
    command, argv = draw(COMMAND.flatmap(_argv))
    name = draw(st.none() | st.sampled_from(DAMAGED))
    if name is None:
        return command, argv, None
    example = _examples[name]
    structured = name == "study.json" and draw(st.booleans())
    data = json.dumps(draw(changed([json.loads(example)]))).encode() if structured else draw(damaged([example]))
    return command, argv, (name, data)


INPUTS = _inputs()
_examples: dict[str, bytes] = {}


def make_ready(directory: Path) -> None:
    """Make a study with all that is read, once, for inputs to damage."""
    made = directory / "made" / STUDY
    if not made.is_dir():
        write_reported_study(directory / "made", with_optuna=True)
    _examples.update({name: (made / name).read_bytes() for name in DAMAGED})


def _begin(arguments: SimpleNamespace, _: object) -> int:
    """What study/run.py does before it prepares data."""
    console = Console(file=io.StringIO())
    if arguments.resume:
        resumed_spec(read_about(arguments.resume), overrides(arguments))  # type: ignore[arg-type]
    else:
        wanted(arguments, console)  # type: ignore[arg-type]
    return 0


def _nothing(*arguments: object, **options: object) -> None:
    """Stands for what would listen on a port until Ctrl-C."""


COMMANDS: dict[str, Callable[[], int]] = {
    "run": study.run.main, "search": study.search.main, "report": study.report.main, "pareto": study.pareto.main,
    "export": study.export.main, "posthoc": study.posthoc.main, "fewshot": study.fewshot.main,
    "thesis": study.thesis.main, "plot_front": study.plot_front.main, "explorer": study.explorer.main,
}  # fmt: skip


def check(value: tuple[str, list[str], tuple[str, bytes] | None], scratch: Path) -> str:
    command, argv, damage = value
    place = scratch / "place"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(scratch.parent / "made" / STUDY, place / STUDY)
    if damage:
        (place / STUDY / damage[0]).write_bytes(damage[1])
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(sys, "argv", [command, *argv]))
        stack.enter_context(patch.object(study.run, "run", _begin))
        stack.enter_context(patch.object(study.explorer, "explore", _nothing))
        stack.enter_context(contextlib.redirect_stdout(said))
        stack.enter_context(contextlib.redirect_stderr(complained))
        stack.callback(os.chdir, Path.cwd())
        os.chdir(place)
        try:
            code = COMMANDS[command]()
        except SystemExit as ended:  # argparse: wrong usage, or --help
            code = ended.code
        except UserError as error:
            raise AssertionError(f"a UserError comes out of the command: {error}") from error
    assert code in (0, 1, 2), f"exit code {code!r}"
    assert "Traceback" not in complained.getvalue()
    errors = [line for line in complained.getvalue().splitlines() if line.startswith("error: ")]
    assert code == 0 or len(errors) <= 1
    if code == 2 and not errors:
        return "usage"
    return {0: "done", 1: "failed", 2: "refused"}[code]
