"""Do the effects of the loss terms go the way that the thesis printed?

An effect is a row's difference to a reference row of the same table: the model before training, or plain ``ce``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from study.measured import Estimate, Measured, row_change, row_value
from study.paired import Paired
from study.published import BEFORE, PublishedTable

REFERENCES = (BEFORE, "ce")
POINTS, DISTANCE = 0.5, 0.02
RULE = (
    f"A change of less than {POINTS} points of recall, the difference that the thesis reports between repeated runs, "
    f"or of less than {DISTANCE} in gap, misalignment or uniformity, a threshold chosen here, counts as none (=), "
    "in the thesis and here."
)


def threshold(metric: str) -> float:
    """Give the size from which a metric's change counts as one.

    >>> threshold("recall_at_5"), threshold("train_recall_at_1"), threshold("modality_gap")
    (0.5, 0.5, 0.02)
    """
    return POINTS if "recall_at_" in metric else DISTANCE


def direction(change: float, metric: str) -> str:
    """Name a change: up, down, = (less than the threshold), or nothing where there is none (NaN).

    >>> [direction(change, "modality_gap") for change in (0.52 - 0.50, -0.3, 0.01, math.nan)]
    ['up', 'down', '=', '']
    """
    if math.isnan(change):
        return ""
    # Printed values have two decimals: 0.52 - 0.50 is 0.02, whatever its last binary digit.
    if round(abs(change), 9) < threshold(metric):
        return "="
    return "up" if change > 0 else "down"


@dataclass(frozen=True)
class Effect:
    """One effect, as printed and as measured: of several studies, a mean over their seeds."""

    row: str
    metric: str
    reference: str
    published: float
    measured: Paired

    @property
    def directions(self) -> tuple[str, str]:
        """The direction in the thesis and here."""
        return direction(self.published, self.metric), direction(self.measured.mean, self.metric)

    @property
    def agrees(self) -> bool | None:
        """Whether both directions are the same; None where nothing was measured."""
        there, here = self.directions
        return there == here if here else None


@dataclass(frozen=True)
class Value:
    """One cell of a table, as printed and as measured."""

    row: str
    metric: str
    published: float
    measured: Estimate


def compare_values(table: PublishedTable, studies: Sequence[Measured]) -> list[Value]:
    """Pair every cell of the table with what was measured."""
    return [
        Value(row, metric, table.value(row, metric), row_value(studies, row, metric))
        for row in table.values.index
        for metric in table.values.columns
    ]


def compare_effects(table: PublishedTable, studies: Sequence[Measured]) -> list[Effect]:
    """Pair every effect of the table, against both references, with what was measured.

    Against a reference, the rows are those that come after it in the table.
    """
    rows = list(table.values.index)
    return [
        Effect(
            row,
            metric,
            reference,
            table.value(row, metric) - table.value(reference, metric),
            row_change(studies, row, metric, reference),
        )
        for reference in REFERENCES
        for row in rows[rows.index(reference) + 1 :]
        for metric in table.values.columns
    ]


def count(effects: Sequence[Effect]) -> str:
    """Say how many effects agree.

    >>> measured = Paired(-0.1, math.nan, math.nan, math.nan, math.nan, n=1)
    >>> count([Effect("ce", "modality_gap", "initial", -0.4, measured)])
    '1 of 1'
    """
    known = [effect.agrees for effect in effects if effect.agrees is not None]
    unknown = f" ({len(effects) - len(known)} not measured)" if len(known) < len(effects) else ""
    return f"{sum(known)} of {len(known)}{unknown}"
