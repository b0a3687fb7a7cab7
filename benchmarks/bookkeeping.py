"""What one study of many trials keeps of each of them: the real record, tables, curves and scheduler, no training.

A trial's numbers are made up: all metrics, loss terms and costs, ten epochs and the model before training. Ray is left
out: the recorder is called as Ray calls it. No trial is stopped early, which is the most there can be to write.
"""

import io
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import torch
from rich.console import Console

import study.growth
import study.recorder
import study.results
from benchmarks.clock import Clock
from gap.data import PairDataset
from gap.metrics import METRICS
from study.checkpoints import ADAPTER, Checkpoints
from study.display import Display
from study.embeddings import Embeddings, write_embeddings
from study.ending import Ending
from study.growth import Growth
from study.kept import Kept
from study.ledger import Ledger, open_storage, open_study
from study.live.board import Board
from study.live.curves import Curves
from study.naming import trial_id
from study.phases import Setting, early_stopping, lay_out
from study.recorder import Recorder
from study.resources import Share
from study.results import COSTS
from study.scheduling.mo_asha import MOASHA
from study.searcher import StudySearch, defaults, suggest
from study.seen import AFTER, BEFORE
from study.signals import Signals
from study.space import StudySpec
from study.space_file import find_space, load_space
from study.stopping import TimeLimit, enough_trials, no_growth, too_many_failures
from study.tables import TRAINING_VALUES, Tables, is_value
from study.trainable import COSINES, trial_parameters

EPOCHS, MEASURED = 10, 5
PAIRS, WIDTH = 400, 768  # of the test split
KINDS = ("image_image", "text_text", "paired", "crossed")
STORAGE, TABLES, FRONT, SCHEDULER = "record (SQLite)", "CSV files", "front, hypervolume", "MO-ASHA"
CURVES, ADAPTERS, REST = "TensorBoard, cosines", "adapters, embeddings", "the rest"
KEPT = (STORAGE, TABLES, FRONT, SCHEDULER, CURVES, ADAPTERS, REST)  # the bookkeeping of a trial
PROPOSAL, RESUME = "proposal (TPE)", "resume"  # beside it


def made_up(spec: StudySpec, number: int, epoch: int) -> dict[str, Any]:
    """Make the numbers of an epoch; those of a trial grow towards its own recall and gap."""
    random = np.random.default_rng([number, epoch])
    own = np.random.default_rng(number)
    gap, share = own.uniform(0.1, 0.9), epoch / spec.epochs
    names = [*METRICS, *(TRAINING_VALUES if epoch else ()), *COSTS]
    values: dict[str, Any] = dict(zip(names, random.random(len(names)).tolist(), strict=True))
    if epoch:
        values |= {f"term_{term}": random.random() for term in spec.all_terms}
    recall = 40 + share * (20 * gap**0.5 + own.normal(0, 3))
    return {
        **values,
        "epoch": epoch,
        "recall_at_1": recall,
        "modality_gap": 0.9 - share * (0.9 - gap),
        "trained_parameters": 589_824,
        "note": "",
        COSINES: {kind: random.integers(0, 1000, 200).tolist() for kind in KINDS},
        "time_total_s": 1.0,  # of Ray's own: not recorded
    }


def blank_dataset() -> PairDataset:
    """Make a test split of white images."""
    rows = np.arange(PAIRS)
    return PairDataset(
        name="blank",
        language="en",
        images=np.full((PAIRS, 112, 112, 3), 255, dtype=np.uint8),
        ids=[str(row) for row in rows],
        captions=[[f"caption {row}"] for row in rows],
        train=rows[:0],
        test=rows,
        data_hash="",
        split_hash="",
        licence="",
        skipped=[],
    )


def random_embeddings() -> Embeddings:
    """Make embeddings of the split."""
    features = torch.nn.functional.normalize(torch.randn(2, PAIRS, WIDTH), dim=-1)
    rows = torch.arange(PAIRS)
    return Embeddings(features[0], features[1], rows, rows, rows)


def add_ended(ledger: Ledger, spec: StudySpec, until: int) -> None:
    """Put ended trials into the record, up to this number of trials, each in one transaction."""
    for number in range(len(ledger.trials()), until):
        asked = optuna.trial.FixedTrial({**defaults(spec.search), "terms": "ce", "rank": 8})
        suggest(asked, spec.search, spec.terms)
        epochs = [made_up(spec, number, epoch) for epoch in range(spec.epochs + 1)]
        ended = optuna.trial.create_trial(
            params=asked.params,
            distributions=asked.distributions,
            values=[epochs[-1][name] for name in spec.objectives],
            user_attrs={
                "owner": ledger.owner,
                "end": {"state": "COMPLETE", "note": None, "error": None},
                **{f"epoch_{e['epoch']:03d}": {name: v for name, v in e.items() if is_value(name)} for e in epochs},
            },
        )
        ledger.study.add_trial(ended)


class Bookkeeping:
    """A study in a directory, with everything that keeps it but Ray and the training."""

    def __init__(self, directory: Path, trials: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.directory = directory
        self.spec = spec = load_space(find_space("arasaac_es"), {"epochs": EPOCHS, "trials": trials, "enqueue": []})
        self.fixed = fixed = trial_parameters(spec, data=directory / "data", device="cpu")
        self.checkpoints = Checkpoints(str(directory / ".ray"))
        display = Display(spec, Console(file=io.StringIO()))
        dataset, ending = blank_dataset(), Ending(Signals(), TimeLimit(None), print)
        setting = Setting(directory, "study", dataset, fixed, self.checkpoints, Share(1, 0), 1, ending, display)
        study = open_study(open_storage(directory / "optuna.db"), "growth", spec.objectives)
        self.ledger = Ledger(study, owner="one")
        self.tables, self.curves = Tables(spec, profile="study", fixed=fixed), Curves(directory / "tensorboard")
        self.growth, self.results = Growth(directory, spec, self.tables, self.curves), lay_out(spec, setting)
        self.board, self.kept = Board(self.curves, dataset), Kept(directory)
        self.recorder = Recorder(
            spec,
            directory,
            ledger=self.ledger,
            tables=self.tables,
            results=self.results,
            checkpoints=self.checkpoints,
            board=self.board,
            growth=self.growth,
            kept=self.kept,
            display=display,
        )
        scheduler = early_stopping(spec, self.ledger)
        assert isinstance(scheduler, MOASHA)
        self.scheduler = scheduler
        self.searcher = StudySearch(
            self.ledger,
            sampler=spec.sampler,
            seed=spec.seed,
            search=spec.search,
            fixed=fixed,
            why_end=self.why_end,
        )

    def why_end(self) -> str | None:
        """Ask whatever could end the study."""
        return (
            enough_trials(len(self.ledger.begun()), self.spec.trials)
            or no_growth(self.growth.hypervolumes, self.spec.patience)
            or too_many_failures(self.growth.states, self.spec.max_failed_share)
        )

    def watched(self, clock: Clock) -> ExitStack:
        """Count what every part takes while the context lasts."""
        record = ("ask", "trial", "trials", "running", "begun", "ended", "lacks_epoch", "add_epoch", "end", "reopen")
        parts: list[tuple[str, object, tuple[str, ...]]] = [
            (STORAGE, self.ledger, record),
            (TABLES, self.results, ("write_epochs", "write_trials")),
            (TABLES, self.tables, ("epochs", "trials")),
            (TABLES, self.growth, ("write",)),
            (FRONT, study.results, ("pareto_front",)),
            (FRONT, study.growth, ("hypervolume",)),
            (CURVES, self.board, ("start", "epoch", "pictures", "end")),
            (CURVES, study.recorder, ("add_cosines",)),
            (ADAPTERS, self.checkpoints, ("of", "drop")),
            (ADAPTERS, self.kept, ("keep", "prune")),
            (SCHEDULER, self.scheduler, ("on_trial_result",)),
            (PROPOSAL, self.searcher, ("suggest",)),
            (REST, self.recorder, ("on_trial_start", "on_trial_result", "on_trial_complete")),
        ]
        stack = ExitStack()
        for part, owner, names in parts:
            stack.enter_context(clock.watching(part, owner, *names))
        return stack

    def begin_trial(self, epochs: int) -> Any:
        """Propose a trial and record its first epochs, as a study does; gives what stands for Ray's trial."""
        trial: Any = SimpleNamespace(config=self.searcher.suggest(""), checkpoint=None, last_result={})
        self.recorder.on_trial_start(0, [], trial)
        for epoch in range(epochs + 1):
            trial.last_result = made_up(self.spec, trial.config["number"], epoch)
            self.scheduler.on_trial_result(None, trial, trial.last_result)
            self.recorder.on_trial_result(0, [], trial, trial.last_result)
        return trial

    def run_trial(self) -> None:
        """Record a trial from its proposal to its end."""
        trial = self.begin_trial(self.spec.epochs)
        checkpoint = self.directory / ".ray" / "leg-001" / trial_id(trial.config["number"]) / "checkpoint_000000"
        (checkpoint / ADAPTER).mkdir(parents=True)
        (checkpoint / ADAPTER / "adapter_model.safetensors").write_bytes(bytes(1000))
        for name in (BEFORE, AFTER):
            write_embeddings(checkpoint / name, random_embeddings())
        self.recorder.on_trial_complete(0, [], trial)


def measure(marks: Sequence[int], directory: Path, *, measured: int = MEASURED) -> dict[int, list[Counter[str]]]:
    """Give the seconds by part of the last ``measured`` trials up to each of ``marks``, in ascending order.

    ``RESUME`` is what a process that goes on with the study writes before its first trial.
    """
    found: dict[int, list[Counter[str]]] = {}
    for mark in marks:
        kept = Bookkeeping(directory, trials=marks[-1])
        add_ended(kept.ledger, kept.spec, mark - measured)
        kept = Bookkeeping(directory, trials=marks[-1])
        clock = Clock()
        clock.timed(RESUME, kept.recorder.bring_up_to_date)()
        resume, found[mark] = clock.seconds[RESUME], []
        with kept.watched(clock):
            for _ in range(measured):
                clock.seconds.clear()
                kept.run_trial()
                found[mark].append(Counter({**clock.seconds, RESUME: resume}))
    return found
