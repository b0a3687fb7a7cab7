"""Metrics and what became of them, in plain words."""

import math

from study.figures.palette import label
from study.words import brief

SHORT = {f"recall_at_{k}": f"R@{k}" for k in (1, 5, 10)}


def name(metric: str) -> str:
    """Give a metric's name for running text.

    >>> name("recall_at_1"), name("modality_gap")
    ('R@1', 'modality gap')
    """
    return SHORT.get(metric, label(metric))


def subject(metric: str) -> str:
    """Give a metric's name as the subject of a sentence.

    >>> subject("recall_at_1"), subject("modality_gap")
    ('R@1', 'the modality gap')
    """
    return f"the {name(metric)}" if metric == "modality_gap" else name(metric)


def value(metric: str, amount: float) -> str:
    """Write a metric's value with its unit, in three or four digits.

    >>> value("recall_at_1", 17.7778), value("modality_gap", 0.16734), value("modality_gap", float("nan"))
    ('17.8 %', '0.167', 'unknown')
    """
    if not math.isfinite(amount):
        return "unknown"
    return f"{amount:.1f} %" if "recall_at" in metric else f"{amount:.3f}" if abs(amount) < 10 else brief(float(amount))


def change(metric: str, before: float | None, after: float) -> str:
    """Say what became of a metric; of the modality gap, how much of it was closed.

    >>> change("modality_gap", 0.8, 0.2)
    'the modality gap fell from 0.800 to 0.200 (75 % of it closed)'
    >>> change("recall_at_1", 50.0, 48.5), change("uniformity", None, -3.0)
    ('R@1 fell from 50.0 % to 48.5 % (-1.5 points)', 'uniformity is -3.000')
    """
    what, after = subject(metric), float(after)
    if before is None or not math.isfinite(before) or not math.isfinite(after):
        return f"{what} is {value(metric, after)}"
    if before == after:
        return f"{what} stayed at {value(metric, after)}"
    moved = f"{what} {'rose' if after > before else 'fell'} from {value(metric, before)} to {value(metric, after)}"
    if metric == "modality_gap" and 0 < after < before:
        return f"{moved} ({share(1 - after / before)} of it closed)"
    return f"{moved} ({after - before:+.1f} points)" if "recall_at" in metric else moved


def share(amount: float) -> str:
    """Write a share of 1 in per cent.

    >>> share(0.756)
    '76 %'
    """
    return f"{100 * amount:.0f} %"


def joined(parts: list[str]) -> str:
    """Join parts of a sentence.

    >>> joined(["a", "b", "c"]), joined(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def number(count: int, word: str) -> str:
    """Write a number of things.

    >>> number(1, "trial"), number(7, "trial")
    ('1 trial', '7 trials')
    """
    return f"{count} {word}{'' if count == 1 else 's'}"
