"""Differences to the thesis that a comparison with its tables cannot remove, in plain lines."""

from gap.data import PairDataset
from gap.data.checking.repeats import repeats, split_in_words
from study.published import PublishedTable

PICTOGRAMS = 12_260  # the thesis, section 4.2
ALWAYS = (
    "Equal captions: a caption finds any image that has it, whatever its case. What the thesis counts as right where "
    "captions repeat is not printed.",
    "Ties: images with equal cosines count against the model. The thesis prints no rule.",
    "Directions: recall is the mean of text to image and image to text, over all pools of 90. The thesis prints one "
    "figure and neither its direction nor its number of pools.",
    "Terms: table 5.3 of the thesis follows |Σ c|, the absolute value of a sum, and the variance of all cells off the "
    "diagonal together, where its formulas, and the terms that are trained here, have Σ|c| and the mean of the rows' "
    "variances (python -m gap.geometry.tables). What its training used cannot be told from the text.",
)


def caveats(table: PublishedTable, dataset: PairDataset | None, why_not: str = "") -> list[str]:
    """List what differs, or is not known to be the same, between a table of the thesis and a study.

    ``dataset`` is what the study read; where it is not at hand, ``why_not`` says why.
    """
    split = "Splits: the thesis does not print how it split its data. Here no caption is on both sides of the split"
    if table.number == "5.5":
        split = "Splits: the thesis does not print how it split its data. Here it is Karpathy's split"
    if dataset is None:
        known = f"; what a split at random would do is not computed: {why_not}."
    else:
        known = f"; {split_in_words(repeats(dataset))}."
    lines = [split + known]
    if table.number != "5.5":
        count = "" if dataset is None else f", here {len(dataset.ids):,}"
        lines.append(f"Data: the thesis had {PICTOGRAMS:,} pictograms{count}.")
    return [*lines, *ALWAYS]
