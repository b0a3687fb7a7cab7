"""What the soak measured, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
import pandas as pd
from typing_extensions import Self

from benchmarks.soak_study import NAME
from study.finished import read_finished
from study.front import pareto_front

MEASURED = "driver.csv"
COLUMNS = ["leg", "trials", "rss_mb", "uss_mb", "files", "threads"]
SETTLED = 20  # trials of a leg after which the driver has all that it needs
MOST = 0.05


@dataclass(frozen=True)
class Figures:
    """Of the longest leg, from its 20th trial on: memory and open files of the driver at the first and last trial.

    ``growth`` is that of a straight line through all samples between them, as a share of where it begins.
    """

    trials: int
    first_mb: float
    last_mb: float
    growth: float
    files: tuple[int, int]
    legs: int

    @classmethod
    def of(cls, samples: pd.DataFrame) -> Self:
        """Work them out. Raises ``ValueError`` if no leg has more than 20 trials."""
        longest = samples["leg"].value_counts().index[0]
        leg = samples[samples["leg"] == longest].iloc[SETTLED:]
        if len(leg) < 2:
            raise ValueError(f"expected a leg of more than {SETTLED + 1} trials, got {SETTLED + len(leg)}")
        own = leg["uss_mb"]
        x = leg["trials"] - leg["trials"].mean()
        slope = float((x * (own - own.mean())).sum() / (x**2).sum())
        begin = float(own.mean() + slope * x.iloc[0])
        growth = slope * float(x.iloc[-1] - x.iloc[0]) / begin
        files = (int(leg["files"].iloc[0]), int(leg["files"].iloc[-1]))
        return cls(len(leg), float(own.iloc[0]), float(own.iloc[-1]), growth, files, int(samples["leg"].nunique()))

    def __str__(self) -> str:
        return (
            f"{self.legs} runs of the command; over the last {self.trials} trials of the longest the driver's own "
            f"memory went from {self.first_mb:.0f} to {self.last_mb:.0f} MB ({self.growth:+.1%}), its open files from "
            f"{self.files[0]} to {self.files[1]}"
        )

    def faults(self) -> list[str]:
        """Say what grew."""
        memory = [f"the driver's memory grew by {self.growth:.1%}"] if self.growth >= MOST else []
        files = [f"open files went from {self.files[0]} to {self.files[1]}"] if self.files[1] > self.files[0] else []
        return memory + files


def write_samples(path: Path, samples: Sequence[tuple[float, ...]]) -> None:
    """Write one row a trial."""
    pd.DataFrame(samples, columns=COLUMNS).to_csv(path, index=False)


def read_samples(path: Path) -> pd.DataFrame:
    """Read what ``write_samples`` wrote."""
    return pd.read_csv(path)


def faults_of(directory: Path, *, trials: int) -> list[str]:
    """Say what is missing or wrong in the results of a study of so many trials of one epoch."""
    study = read_finished(directory)
    epochs = pd.read_csv(directory / "epochs.csv")[["trial_id", "epoch"]]
    record = optuna.load_study(study_name=NAME, storage=f"sqlite:///{directory / 'optuna.db'}").trials
    front = pareto_front(study.trials, study.objectives)["trial_id"].tolist()
    counts = {
        "rows of trials": (len(study.trials), trials),
        "different trials": (study.trials["trial_id"].nunique(), trials),
        "complete trials": (int((study.trials["state"] == "COMPLETE").sum()), trials),
        "rows of epochs": (len(epochs), 2 * trials),
        "different epochs": (len(epochs.drop_duplicates()), 2 * trials),
        "rows of hypervolumes": (len(pd.read_csv(directory / "hypervolume.csv")), trials),
        "ended trials in the record": (sum(trial.state.is_finished() for trial in record), trials),
        "checkpoints left": (len(list((directory / ".ray").glob("*/*/checkpoint_*"))), 0),
        "adapters": (len([path for path in (directory / "adapters").iterdir() if path.is_dir()]), len(front)),
    }
    faults = [f"{name}: expected {wanted}, got {got}" for name, (got, wanted) in counts.items() if got != wanted]
    if sorted(front) != sorted(study.front["trial_id"]):
        faults.append(f"the front is {', '.join(study.front['trial_id'])}, its trials give {', '.join(front)}")
    return faults
