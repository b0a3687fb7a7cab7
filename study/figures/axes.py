"""Where a trial stands in the figure of a front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.figures.hover import plain
from study.figures.palette import label
from study.finished import Finished
from study.front import Direction
from study.open_trial import BASELINE

BETTER = {"max": "more is better", "min": "less is better"}


@dataclass(frozen=True)
class Plane:
    """The two objectives that are drawn of all there are; ``across`` is ``trial_id`` where there is one alone."""

    objectives: Mapping[str, Direction]
    up: str
    across: str

    def drawn(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Select the rows that have a place: not failed, every drawn objective there and finite."""
        columns = [name for name in (self.up, self.across) if name != "trial_id"]
        if not set(columns) <= set(rows):
            none: pd.DataFrame = rows.iloc[:0]
            return none
        values = rows[columns].to_numpy(dtype=np.float64)
        failed = rows["state"] == "FAIL" if "state" in rows else pd.Series(False, index=rows.index)
        placed: npt.NDArray[np.bool_] = np.isfinite(values).all(axis=1) & ~failed.to_numpy(dtype=bool)
        chosen: pd.DataFrame = rows.loc[placed]
        return chosen

    def coordinates(self, rows: pd.DataFrame) -> tuple[list[Any], list[Any]]:
        """Give the places across and upwards."""
        return rows[self.across].tolist(), rows[self.up].tolist()

    def up_axis(self) -> dict[str, Any]:
        """Describe the axis upwards."""
        return {"title": {"text": self._title(self.up)}}

    def across_axis(self, studies: Sequence[Finished]) -> dict[str, Any]:
        """Describe the axis across: an objective, or the trials in their order."""
        if self.across == "trial_id":
            trials = sorted(
                {trial for study in studies for trial in study.trials["trial_id"]}, key=lambda t: (len(t), t)
            )
            order = [BASELINE, *trials]
            return {"title": {"text": "trial"}, "type": "category", "categoryorder": "array", "categoryarray": order}
        hidden = len(self.objectives) - 2
        note = f"<br>2 of {hidden + 2} objectives: a trial of the front may look beaten here" if hidden else ""
        return {"title": {"text": self._title(self.across) + note}}

    def _title(self, name: str) -> str:
        return f"{plain(label(name))}, {BETTER[self.objectives[name]]}"


def plane_of(objectives: Mapping[str, Direction]) -> Plane:
    """Choose what is drawn: the first objective upwards, the second across.

    >>> plane = plane_of({"recall_at_1": "max", "modality_gap": "min", "seconds": "min"})
    >>> plane.up, plane.across, plane_of({"recall_at_1": "max"}).across
    ('recall_at_1', 'modality_gap', 'trial_id')
    """
    up, across = [*objectives, "trial_id"][:2]
    return Plane(objectives, up, across)
