"""The scheduler in Ray Tune: who is stopped, and a study that breaks off and is restored."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune

import study.tuning  # noqa: F401  # sets what Ray reads from the environment when it starts
from study.scheduling.mo_asha import MOASHA
from study.scheduling.rung_checkpoint import RungCheckpoint

QUALITIES = [3.0, 1.0, 5.0, 4.0, 0.0, 2.0]  # of the trials' curves, by number
SPACE = {
    "number": tune.grid_search(list(range(len(QUALITIES)))),
    "spared": tune.sample_from(lambda config: config["number"] == 4),
}
# With a third going on: 1 is second of two at epoch 1; 3 is second of four at epoch 1 (two go on) and second of three
# at epoch 3 (one goes on); 5 is fourth of six at epoch 1.
LAST_EPOCHS = {0: 9, 1: 1, 2: 9, 3: 3, 4: 9, 5: 1}


@pytest.fixture(scope="module", autouse=True)
def local_ray() -> Iterator[None]:
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=100_000_000,
        _node_ip_address="127.0.0.1",
    )
    logging.getLogger("ray.tune").setLevel(logging.ERROR)
    yield
    ray.shutdown()


def make_trainable(log: Path) -> Callable[[dict[str, Any]], None]:
    qualities = QUALITIES  # inside: Ray's workers cannot import this file

    def toy(config: dict[str, Any]) -> None:
        for epoch in range(10):
            with log.open("a") as file:
                file.write(f"{config['number']} {epoch}\n")
            quality = qualities[config["number"]]
            tune.report({"epoch": epoch, "recall_at_1": quality + epoch, "modality_gap": 1 - quality / 10})

    return toy


class BreakOff(tune.Callback):  # type: ignore[misc]
    """Raise in the second epoch of trial 2, once, where nothing has been saved since."""

    def __init__(self, done: Path) -> None:
        self._done = done

    def on_trial_result(self, *, trial: Any, result: dict[str, Any], **info: Any) -> None:
        if trial.config["number"] == 2 and result["epoch"] == 2 and not self._done.exists():
            self._done.touch()
            raise RuntimeError("the study breaks off")


def make_tuner(directory: Path, callbacks: list[tune.Callback], scheduler: MOASHA) -> tune.Tuner:
    return tune.Tuner(
        make_trainable(directory / "log"),
        param_space=SPACE,
        tune_config=tune.TuneConfig(scheduler=scheduler, max_concurrent_trials=1, reuse_actors=True),
        run_config=tune.RunConfig(name="toy", storage_path=str(directory), callbacks=callbacks, verbose=0),
    )


def epochs_run(directory: Path) -> Counter[tuple[int, int]]:
    lines = (directory / "log").read_text().splitlines()
    return Counter((int(number), int(epoch)) for number, epoch in (line.split() for line in lines))


def test_good_curves_go_on_and_hopeless_ones_stop(tmp_path: Path) -> None:
    scheduler = MOASHA({"recall_at_1": "max", "modality_gap": "min"}, max_epochs=9)
    results = make_tuner(tmp_path, [], scheduler).fit()
    assert {result.config["number"]: result.metrics["epoch"] for result in results} == LAST_EPOCHS
    # A trial that is stopped runs no epoch beyond; every epoch runs once, epoch 0 among them.
    assert epochs_run(tmp_path) == {(n, epoch): 1 for n, last in LAST_EPOCHS.items() for epoch in range(last + 1)}
    assert scheduler.stopped == {"t001": 1, "t003": 3, "t005": 1}


def test_a_study_that_broke_off_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE_GLOBAL_CHECKPOINT_S", "0")  # Ray saves after every step, not every ten seconds
    scheduler = MOASHA({"recall_at_1": "max", "modality_gap": "min"}, max_epochs=9)
    tuner = make_tuner(tmp_path, [RungCheckpoint(scheduler.rungs), BreakOff(tmp_path / "broken")], scheduler)
    with pytest.raises(Exception, match="the study breaks off"):
        tuner.fit()
    assert scheduler.rungs.records[1].keys() == {"t000", "t001", "t002"}

    # Ray leaves a placeholder, which is true, for what a function samples, unless it is given the space once more.
    restored = tune.Tuner.restore(str(tmp_path / "toy"), make_trainable(tmp_path / "log"), param_space=SPACE)
    results = restored.fit()

    assert {result.config["number"]: result.metrics["epoch"] for result in results} == LAST_EPOCHS
    expected = Counter({(n, epoch): 1 for n, last in LAST_EPOCHS.items() for epoch in range(last + 1)})
    # What had ended is not repeated; the trial that broke off begins again.
    assert epochs_run(tmp_path) == expected + Counter({(2, 0): 1, (2, 1): 1, (2, 2): 1})
