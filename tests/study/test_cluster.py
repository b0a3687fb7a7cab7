"""A cluster of two nodes on this machine, one of which is lost in the middle of a study."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from ray.cluster_utils import Cluster
from small_arasaac import write_small_arasaac

ROOT = Path(__file__).resolve().parents[2]
SPACE = """\
model: tiny
dataset: arasaac
language: es
epochs: 8
trials: 4
lr: 1.0e-3
pool_size: 20
batch_size: 4
early_stopping: off
search: {rank: {choices: [1, 2, 3, 4]}}
"""


def both_have_a_checkpoint(epochs: pd.DataFrame) -> bool:
    reached = epochs.groupby("trial_id")["epoch"].max()
    return len(reached) == 2 and reached.min() >= 1


@pytest.mark.slow
def test_nothing_is_lost_with_a_node(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SPACE)
    write_small_arasaac(tmp_path / "arasaac")
    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        lost = cluster.add_node(**node)
        cluster.wait_for_nodes()
        process = subprocess.Popen(
            [
                sys.executable, ROOT / "study" / "run.py", "--space", "small.yaml", "--profile", "rehearsal",
                "--no-report", "--data-dir", "arasaac", "--address", cluster.address, "--concurrent", "2",
                "--storage-path", tmp_path / "checkpoints",
            ],
            cwd=tmp_path,
            env={**os.environ, "MODALITY_GAP_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        epochs = tmp_path / "results" / "small-rehearsal" / "epochs.csv"
        deadline = time.monotonic() + 200
        while process.poll() is None and time.monotonic() < deadline:
            if epochs.exists() and both_have_a_checkpoint(pd.read_csv(epochs)):
                break
            time.sleep(0.1)
        cluster.remove_node(lost, allow_graceful=False)
        output, _ = process.communicate(timeout=300)
    finally:
        cluster.shutdown()
    assert process.returncode == 0, output
    trials, table = pd.read_csv(epochs.with_name("trials.csv")), pd.read_csv(epochs)
    assert trials["state"].tolist() == ["COMPLETE"] * 4, output
    assert table.groupby("trial_id")["epoch"].apply(list).tolist() == [list(range(9))] * 4
    front = set(pd.read_csv(epochs.with_name("pareto.csv"))["trial_id"])
    assert {path.name for path in (epochs.parent / "adapters").iterdir()} == front
    assert not list((tmp_path / "checkpoints").glob("*/*/checkpoint_*"))
