"""The results directory of a study of `tiny` on coloured squares, as far as what reads it afterwards needs it."""

import json
from pathlib import Path

import pandas as pd
from small_data import write_small_data

from gap.data import open_dataset
from gap.training.config import TrialConfig
from gap.training.fit import fit

TERMS = ("ce", "ce+centroid")


def write_small_study(home: Path) -> Path:
    """Two trials of one epoch, both adapters kept."""
    data = write_small_data(home / "data")
    dataset = open_dataset(data)
    directory = home / "results" / "small-rehearsal"
    directory.mkdir(parents=True)
    rows, zero = [], {}
    for number, terms in enumerate(TERMS):
        name = f"t{number:03d}"
        config = TrialConfig(
            model="tiny", data=data, terms=terms, epochs=1, batch_size=8, lr=0.01, rank=4, pool_size=4, seed=0
        )
        zero, last = fit(config, directory / "adapters" / name)
        common = {"state": "COMPLETE", "seed": 0, "profile": "rehearsal", "terms": terms}
        rows.append({"trial_id": name, **common, **last})
    trials = pd.DataFrame(rows)
    trials.to_csv(directory / "trials.csv", index=False)
    trials.to_csv(directory / "pareto.csv", index=False)
    pd.DataFrame([{**rows[0], **zero}]).to_csv(directory / "baseline.csv", index=False)
    spec = {
        "model": "tiny", "pretrained": None, "dataset": "squares", "language": "en", "precision": "fp32",
        "pool_size": 4, "objectives": {"recall_at_1": "max", "modality_gap": "min"},
    }  # fmt: skip
    described = {"path": str(data), "name": "squares", "language": "en", "data_hash": dataset.data_hash}
    (directory / "study.json").write_text(json.dumps({"profile": "rehearsal", "spec": spec, "data": described}))
    return directory
