"""Which dimensions carry the gap."""

from study.figures.dimensions import draw_dimensions, gap_by_dimension
from study.open_trial import BASELINE
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, Sheet, View

COUNTS = (1, 2, 5, 10, 20, 50, 100)


def dimensions(study: Collected) -> Section:
    """Draw how the gap spreads over the dimensions, before training and after."""
    title = "The gap by dimension"
    if not study.looked_at:
        return Section(title, ["There is nothing to draw.", *study.remarks()])
    views = {}
    for trial in study.looked_at:
        both = {name: study.embeddings[one] for name, one in (("before", BASELINE), ("after", trial))}
        pairs = {name: (one.image_features, one.text_features) for name, one in both.items()}
        shares = {name: gap_by_dimension(*pair)[1] for name, pair in pairs.items()}
        d = len(shares["before"])
        rows = [
            [count, *(round(100 * float(share[count - 1]), 1) for share in shares.values())]
            for count in (*(count for count in COUNTS if count < d), d)
        ]
        columns = ["largest dimensions", "share of the squared gap before (%)", "after (%)"]
        views[trial] = View(draw_dimensions(pairs), Sheet(f"Share of the gap by dimensions, {trial}", columns, rows))
    chart = Chart(
        "dimensions",
        "Above, the difference of the mean image and the mean text in every dimension, the largest first; below, the "
        "share of the squared gap that the largest carry together. A gap that few dimensions carry can be taken away "
        "by dropping them.",
        "Lines over the dimensions of the embedding: size of the difference, and cumulated share.",
        views,
    )
    return Section(title, study.remarks(), [chart])
