"""The report at the end of a study, whose results count for more."""

import shlex
from pathlib import Path

from rich.console import Console


def write_report(directory: Path, console: Console) -> Path | None:
    """Write the report; if that fails, whyever, say so in a line with the command that makes it.

    Returns the page's place, or None if there is none.
    """
    try:
        from study.reporting.write import make_report  # what draws takes a second to import, and may fail as well

        path = make_report(directory)
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, the tables are there, and the study is over
        reason = " ".join(str(error).split()) or type(error).__name__
        text = f"no report: {reason}; to make it: {report_command(directory)}"
        console.print(text, style="yellow", highlight=False, markup=False, soft_wrap=True)
        return None
    console.print(f"report:  {path}", highlight=False, markup=False, soft_wrap=True)
    return path


def report_command(directory: Path) -> str:
    """Give the command that writes the report.

    >>> report_command(Path("results/arasaac es"))
    "python study/report.py 'results/arasaac es'"
    """
    shown = directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory
    return f"python study/report.py {shlex.quote(str(shown))}"
