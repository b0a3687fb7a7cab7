"""A study's results directory with all that its report draws, made by hand: nothing is trained."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pareto_study import TRIALS, write_pareto_study
from small_data import write_small_data
from torch.nn.functional import normalize

from gap.data import PairDataset, open_dataset
from gap.data.dataset import CAPTIONS
from study.embeddings import Embeddings, embeddings_path, write_embeddings
from study.open_trial import BASELINE

HOSTILE = (
    """</script><script>alert(1)</script> & 50 % <b> "><img src=x onerror=alert(1)> ' onload='alert(1) """
    """<a href="javascript:alert(1)">x</a> {{ 7 * 7 }}"""
)


def write_reported_study(
    home: Path, rows: Sequence[tuple[Any, ...]] = TRIALS, *, epochs: int = 2, d: int = 8, **options: Any
) -> Path:
    """A rehearsal on coloured squares whose captions hold ``HOSTILE``; embeddings of the baseline and of the front."""
    data = write_small_data(home / "data")
    described = json.loads((data / CAPTIONS).read_text())
    described["captions"] = [[f"{text} {HOSTILE}" for text in texts] for texts in described["captions"]]
    (data / CAPTIONS).write_text(json.dumps({**described, "licence": f"drawn here {HOSTILE}"}))
    dataset = open_dataset(data)
    directory = write_pareto_study(home / "study-rehearsal", rows, **options)
    about = json.loads((directory / "study.json").read_text())
    about |= {
        "profile": "rehearsal",
        "started": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T01:00:00+00:00",
        "data": {
            "path": str(data), "name": "squares", "language": "en", "train": 16, "test": 8,
            "data_hash": dataset.data_hash, "licence": dataset.licence,
        },
        "runs": [{"command": ["study/run.py", "--space", "a b.yaml"], "started": "2026-01-01T00:00:00+00:00"}],
        "versions": {"python": "3.11", "torch": "2.13.0"},
    }  # fmt: skip
    about["spec"] |= {"model": "tiny", "epochs": epochs, "precision": "fp32", "dataset": "squares", "language": "en"}
    (directory / "study.json").write_text(json.dumps(about))
    trials = pd.read_csv(directory / "trials.csv")
    write_epochs(directory, trials, epochs)
    grown = trials[["trial_id", "state"]].assign(trials=range(1, len(trials) + 1))
    grown.assign(hypervolume=np.arange(len(trials), dtype=float)).to_csv(directory / "hypervolume.csv", index=False)
    for number, trial in enumerate([BASELINE, *pd.read_csv(directory / "pareto.csv")["trial_id"]]):
        write_embeddings(embeddings_path(directory, trial), drawn_embeddings(dataset, seed=number, d=d))
    return directory


def write_epochs(directory: Path, trials: pd.DataFrame, epochs: int) -> None:
    """Every trial's curves, straight lines; a failed one has its epoch 0 alone."""
    rows = [
        {
            "trial_id": trial["trial_id"], "epoch": epoch, "recall_at_1": 30.0 + epoch, "modality_gap": 1 / (1 + epoch),
            "misalignment": 1.5, "uniformity": -2.0, "loss": np.nan if epoch == 0 else 1 / epoch,
        }
        for trial in trials.to_dict("records")
        for epoch in range(1 if trial["state"] == "FAIL" else epochs + 1)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(directory / "epochs.csv", index=False)


def drawn_embeddings(dataset: PairDataset, *, seed: int, d: int) -> Embeddings:
    """Directions at random; those of equal captions are equal."""
    generator = torch.Generator().manual_seed(seed)
    captions = [dataset.captions[row][0] for row in dataset.test]
    text_of = torch.tensor([captions.index(text) for text in captions])
    m = len(captions)
    images = normalize(torch.randn(m, d, generator=generator), dim=1)
    texts = normalize(torch.randn(m, d, generator=generator) + 1, dim=1)[text_of]
    return Embeddings(images, texts, torch.from_numpy(dataset.test), torch.arange(m), text_of)
