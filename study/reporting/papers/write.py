"""``figures/``: every figure as SVG and as PNG."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from gap.data.whole_files import replace_file
from study.effects import term_effects
from study.embeddings import Embeddings
from study.open_trial import BASELINE
from study.reporting.collect import Collected
from study.reporting.papers.canvas import DPI, STYLE
from study.reporting.papers.front import draw_front
from study.reporting.papers.others import draw_dimensions, draw_effects, draw_histograms, draw_hypervolume, draw_map


def _hypervolume(study: Collected) -> Figure | None:
    return draw_hypervolume(study.growth) if len(study.growth) else None


def _histograms(study: Collected) -> Figure | None:
    both = study.cosines.get(study.pictured or "")
    return draw_histograms(*both) if both else None


def _both(study: Collected, draw: Callable[[Embeddings, Embeddings], Figure]) -> Figure | None:
    known = study.pictured in study.looked_at
    return draw(study.embeddings[BASELINE], study.embeddings[str(study.pictured)]) if known else None


FIGURES: dict[str, Callable[[Collected], Figure | None]] = {
    "front": lambda study: draw_front(study.finished),
    "hypervolume": _hypervolume,
    "histograms": _histograms,
    "embedding_map": lambda study: _both(study, draw_map),
    "gap_by_dimension": lambda study: _both(study, draw_dimensions),
    "term_effects": lambda study: draw_effects(term_effects(study.finished.trials, study.finished.objectives)),
}
METADATA = {"svg": {"Date": None}, "png": {}}


def write_figures(study: Collected, directory: Path) -> None:
    """Write the figures; one for which there is nothing to draw is taken away if an earlier report left it."""
    with matplotlib.rc_context(STYLE):
        for name, draw in FIGURES.items():
            figure = draw(study)
            for kind, metadata in METADATA.items():
                path = directory / f"{name}.{kind}"
                if figure is None:
                    path.unlink(missing_ok=True)
                else:
                    _save(figure, path, kind, metadata)
                    figure.set_layout_engine("none")  # everything has its place now


def _save(figure: Figure, path: Path, kind: str, metadata: dict[str, None]) -> None:
    replace_file(path, lambda temporary: figure.savefig(temporary, format=kind, dpi=DPI, metadata=metadata))
