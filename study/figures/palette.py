"""Colours that stay apart for colour-blind readers, on white and on black (Okabe & Ito 2008), and the field's names.

What a colour says, a shape, a dash or a label says as well.
"""

IMAGE, TEXT, PAIR = "#0072b2", "#d55e00", "#009e73"  # the two modalities, and what lies between them
FRONT, OTHER, BASELINE, STOPPED = "#0072b2", "#8c8c8c", "#d55e00", "#cc79a7"
POSTHOC, POSTHOC_TRIAL = "#009e73", "#56b4e9"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c")

LABELS = {
    "recall_at_1": "R@1 in pools of 90 (%)",
    "recall_at_5": "R@5 in pools of 90 (%)",
    "recall_at_10": "R@10 in pools of 90 (%)",
    "modality_gap": "modality gap",
    "misalignment": "misalignment",
    "uniformity": "uniformity",
    "trials_beaten": "complete trials that it beats in R@1 and gap",
    "beaten_by_trials": "complete trials that beat it",
}


def label(name: str) -> str:
    """Give the words for a column of the tables.

    >>> label("modality_gap"), label("full_recall_at_1")
    ('modality gap', 'full recall at 1')
    """
    return LABELS.get(name, name.replace("_", " "))
