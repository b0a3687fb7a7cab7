"""Ray Tune: trials one at a time on the whole machine."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Read by Ray when it is imported. Its usage statistics are off; its own loggers and tables give way to the study's.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# Inherited by the workers, read by glibc. A worker runs each trial in a new thread: with an arena for every thread the
# memory of ended trials is never used again. Without mmap, a step's activations reuse the pages of the step before.
os.environ.setdefault("MALLOC_ARENA_MAX", "1")
os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(10**11))

import ray
from ray import tune

from study.searcher import StudySearch
from study.trainable import run_trial, trial_id

OBJECT_STORE_BYTES = 200_000_000  # trials read their data from disk: nothing large passes through Ray


@contextmanager
def local_ray(*, gpus: int) -> Iterator[None]:
    """Start Ray on this machine alone and stop it afterwards; no dashboard, nothing listens but on 127.0.0.1."""
    ray.init(
        num_cpus=os.cpu_count(),
        num_gpus=gpus,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=OBJECT_STORE_BYTES,
        _node_ip_address="127.0.0.1",
    )
    logging.getLogger("ray.tune").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


def run_trials(
    searcher: StudySearch,
    *,
    trials: int,
    directory: Path,
    gpus: int,
    callback: tune.Callback,
    fresh_processes: bool = False,
) -> list[Mapping[str, Any]]:
    """Run ``trials`` trials one after another and return the last report of each that reported.

    Trials share a worker process, which saves each the time to start one, unless ``fresh_processes``.
    """
    trainable = tune.with_resources(
        tune.with_parameters(run_trial, adapters=directory / "adapters"), {"cpu": os.cpu_count(), "gpu": gpus}
    )
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=trials,
            max_concurrent_trials=1,
            reuse_actors=not fresh_processes,
            trial_dirname_creator=lambda trial: trial_id(trial.config["number"]),
        ),
        run_config=tune.RunConfig(
            name=".ray", storage_path=str(directory), callbacks=[callback], verbose=0, failure_config=None
        ),
    )
    return [result.metrics for result in tuner.fit() if result.metrics]
