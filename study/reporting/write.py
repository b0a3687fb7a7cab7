"""``report.html``, ``figures/`` and ``tables/`` of a study."""

from collections.abc import Sequence
from pathlib import Path

from gap.data.whole_files import replace_file
from gap.errors import UserError
from study.data_notes import remarks_of
from study.reporting.collect import Collected, collect
from study.reporting.page import render
from study.reporting.papers.tables import write_tables
from study.reporting.papers.write import write_figures
from study.reporting.sections import all_sections

REHEARSAL = "REHEARSAL: a small model stood in for the study's own; its figures say nothing about that model."
RUNNING = "This study has not ended: the page shows the trials that had ended when it was written."


def make_report(directory: Path, trials: Sequence[str] | None = None, output: Path | None = None) -> Path:
    """Write the report of the study in ``directory``, and its figures and tables for papers beside it.

    ``trials`` are shown in detail, without them up to six of the front. ``output`` is the page's place, without it
    ``report.html`` in the directory; ``figures/`` and ``tables/`` go beside the page. Returns the page's place.

    Raises ``UserError`` if there is no study, it has no such trial, or nothing can be written there.
    """
    study = collect(directory, trials)
    path = output or directory / "report.html"
    about = study.finished.about
    notices = [REHEARSAL] * (about.get("profile") == "rehearsal") + [RUNNING] * ("ended" not in about)
    notices += remarks_of(about)
    page = render(directory.resolve().name, lede(study), notices, all_sections(study))
    try:
        # Names of directories and errors of trials may hold what no text file can.
        replace_file(path, lambda temporary: temporary.write_bytes(page.encode("utf-8", "replace")))
        write_figures(study, path.parent / "figures")
        write_tables(study, path.parent / "tables")
    except OSError as error:
        raise UserError(f"cannot write the report to {path.parent}: {error.strerror or error}") from error
    return path


def lede(study: Collected) -> str:
    """Say in a line what was studied."""
    about, spec = study.finished.about, study.finished.about["spec"]
    data = about.get("data") or {}
    names = [str(data.get(key, spec.get(other, ""))) for key, other in (("name", "dataset"), ("language", "language"))]
    parts = [
        " ".join(name for name in (str(spec.get("model", "")), "on", names[0], f"({names[1]})") if name.strip("()")),
        f"{data['train']:,} training and {data['test']:,} test images" if {"train", "test"} <= set(data) else "",
        f"{len(study.finished.trials)} trials",
        f"ended {about['ended'][:10]}" if "ended" in about else "",
    ]
    return " · ".join(part for part in parts if part)
