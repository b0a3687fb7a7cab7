"""Every trial through its parameters and objectives."""

from study.figures.palette import label
from study.figures.parallel import draw_parallel
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, View, sheet_of
from study.reporting.trials import parameter_names


def parallel(study: Collected) -> Section:
    """Draw trials as lines over parallel axes, the front's ones strong."""
    title, finished = "Parallel coordinates", study.finished
    trials = finished.trials[finished.trials["state"].isin(["COMPLETE", "STOPPED"])]
    if not len(trials):
        return Section(title, ["No trial came to values that could be drawn."])
    names = [name for name in [*parameter_names(study), *finished.objectives] if name in trials]
    front = [str(trial) for trial in study.front["trial_id"]]
    figure = draw_parallel(finished.trials, front, names, finished.directory.name)
    shown = trials[["trial_id", *names]].rename(columns={"trial_id": "trial", **{name: label(name) for name in names}})
    chart = Chart(
        "parallel",
        "A line is a trial: solid on the front, dotted elsewhere. A value under its axis is one that the trial has no "
        "use for.",
        f"Lines of {len(trials)} trials over {len(names)} upright axes.",
        {"": View(figure, sheet_of(shown, "Parameters and objectives of the trials drawn"))},
        least=90 * len(names),
    )
    return Section(title, [], [chart])
