"""Ray Tune: trials one at a time on the whole machine, or several on parts of it, or on a cluster."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

# Read by Ray when it is imported. Its usage statistics are off; its own loggers and tables give way to the study's.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")  # see study.signals
os.environ.setdefault("TUNE_PRINT_ALL_TRIAL_ERRORS", "0")  # the study's own line says why a trial failed
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# Inherited by the workers, read by glibc. A worker runs each trial in a new thread: with an arena for every thread the
# memory of ended trials is never used again. Without mmap, a step's activations reuse the pages of the step before.
os.environ.setdefault("MALLOC_ARENA_MAX", "1")
os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(10**11))

import ray
from ray import tune
from ray._private import ray_constants
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.util.debug import disable_log_once_globally

from gap.errors import UserError
from study.checkpoints import Checkpoints
from study.naming import SEARCHED, trial_id
from study.policy import CountingEpoch
from study.ray_directory import check_room
from study.resources import Share
from study.searcher import StudySearch
from study.trainable import run_trial

# To log a text once, Ray keeps it for good. Some are what a trial reported.
disable_log_once_globally()

CONNECT_SECONDS = 5
OBJECT_STORE_BYTES = 200_000_000  # trials read their data from disk: nothing large passes through Ray
CHECKPOINTS_KEPT = 2  # should the newest be damaged, there is the one before


@contextmanager
def connected(address: str | None, *, gpus: int) -> Iterator[None]:
    """Join the Ray cluster at ``address``, or start Ray on this machine alone; leave it, or stop it, afterwards.

    What is started here has no dashboard and listens on 127.0.0.1 only.
    """
    alone: dict[str, Any] = {
        "num_cpus": os.cpu_count(),
        "num_gpus": gpus,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_node_ip_address": "127.0.0.1",
    }
    if address and ":" in address:
        _check_answers(address)
    if not address:
        check_room()
    with nullcontext() if address else _on_loopback():
        try:
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if address else alone),
            )
        except ConnectionError as error:
            raise UserError(f"--address {address}: no Ray cluster answers there ({error})") from error
        logging.getLogger("ray.tune").setLevel(logging.ERROR)
        # It prints a traceback for a full disk, and raises the error besides.
        logging.getLogger("ray.tune.execution.experiment_state").setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Let no other machine reach what is started here: a port of Ray's runs code for whoever connects to it.

    Given 127.0.0.1, Ray takes the machine's own address instead and listens on all of them, unless clusters are off, as
    they are on some systems. Its processes read the variable, this one the constant that was made of it.
    """
    name, before = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    given = os.environ.get(name)
    os.environ[name], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        os.environ.pop(name)
        os.environ.update({} if given is None else {name: given})


def _check_answers(address: str) -> None:
    """Ray itself would try for many minutes. Raises ``UserError`` if nothing listens at HOST:PORT."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"--address {address}: no Ray cluster answers there ({error})") from error


def living_nodes() -> list[dict[str, float]]:
    """Give the processors and GPUs of every node of the cluster."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def run_trials(
    searcher: StudySearch,
    *,
    share: Share,
    checkpoints: Checkpoints,
    objective_epoch: CountingEpoch,
    callback: tune.Callback,
    stopper: tune.Stopper,
    scheduler: TrialScheduler | None = None,
    concurrent: int = 1,
    restarts: int = 0,
    fresh_processes: bool = False,
    prefix: str = SEARCHED,
) -> None:
    """Run trials until the searcher has no more, ``concurrent`` at a time.

    Trials share a worker process, which saves each the time to start one, unless ``fresh_processes``. A trial whose
    process dies goes on from its last checkpoint in another one, ``restarts`` times.
    """
    trainable = tune.with_resources(
        tune.with_parameters(run_trial, objective_epoch=objective_epoch), {"cpu": share.cpus, "gpu": share.gpus}
    )
    tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=scheduler or FIFOScheduler(),
            num_samples=-1,
            max_concurrent_trials=concurrent,
            reuse_actors=not fresh_processes,
            trial_dirname_creator=lambda trial: trial_id(trial.config["number"], prefix),
        ),
        run_config=tune.RunConfig(
            name=checkpoints.new_leg(),
            storage_path=checkpoints.storage,
            callbacks=[callback],
            stop=stopper,
            checkpoint_config=tune.CheckpointConfig(num_to_keep=CHECKPOINTS_KEPT),
            failure_config=tune.FailureConfig(max_failures=restarts),
            verbose=0,
        ),
    ).fit()
