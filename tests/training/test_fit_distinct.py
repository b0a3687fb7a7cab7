"""A run whose batches have no equal captions: through chunks, behind a kept prefix, interrupted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_data import write_small_data

import gap.training.fit
from gap.data import open_dataset
from gap.data.dataset import CAPTIONS
from gap.errors import UserError
from gap.training.config import TrialConfig
from gap.training.epoch import train_epoch
from gap.training.fit import fit
from gap.training.gradients import Batch
from gap.training.trial_steps import trial_steps

COSTS = {"seconds", "train_seconds", "images_per_second", "data_share", "peak_memory_gb", "pairs_at_once"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 16 training images, 6 have one caption, in whichever case."""
    path = write_small_data(tmp_path_factory.mktemp("repeats") / "squares")
    described = json.loads((path / CAPTIONS).read_text())
    for place, row in enumerate(open_dataset(path).train[:6].tolist()):
        described["captions"][row] = ["The Same" if place % 2 else "the same"]
    (path / CAPTIONS).write_text(json.dumps(described))
    return path


def config(data: Path, **settings: Any) -> TrialConfig:
    own = {"model": "tiny", "epochs": 2, "batch_size": 4, "lr": 0.01, "rank": 4, "pool_size": 4}
    return TrialConfig(data=data, unique_captions=True, **(own | settings))


def numbers(reports: list[Any]) -> list[Any]:
    return [{name: value for name, value in report.items() if name not in COSTS} for report in reports]


def test_no_caption_is_twice_in_a_step(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Batch]] = []

    def watched(batches: list[Batch], *arguments: Any, **keywords: Any) -> Any:
        seen.append(batches)
        return train_epoch(batches, *arguments, **keywords)

    monkeypatch.setattr(gap.training.fit, "train_epoch", watched)
    notes: list[str] = []
    reports = list(fit(config(data), note=notes.append))
    captions = open_dataset(data).captions
    # 10 others and 3 of the 6 fill three batches of four; a fourth would need a place more.
    for batches in seen:
        assert len(batches) == 3
        for batch in batches:
            assert len({captions[row][0].casefold() for row in batch.images}) == 4
    assert [report["pairs_left_out"] for report in reports[1:]] == [4, 4]
    assert notes == [
        "unique_captions: 3 batches of 4 an epoch without equal captions; 4 of 16 pairs are left out of each epoch"
    ]
    plain = list(fit(config(data).model_copy(update={"unique_captions": False})))
    assert [report["pairs_left_out"] for report in plain[1:]] == [0, 0]
    assert seen[0][0].images.tolist() != seen[1][0].images.tolist()


def test_chunks_and_a_kept_prefix_see_the_same_batches(data: Path) -> None:
    whole, chunks = (list(fit(config(data, chunk_size=chunk))) for chunk in (None, 3))
    assert chunks[-1]["loss"] == pytest.approx(whole[-1]["loss"], rel=1e-4)
    kept, run = (list(fit(config(data, method="last_layers", last_n=1, cache_prefix=kept))) for kept in (True, False))
    assert kept[-1]["loss"] == pytest.approx(run[-1]["loss"], rel=1e-4)


def test_an_interrupted_run_goes_on_to_the_last_bit(data: Path, tmp_path: Path) -> None:
    settings = config(data, temperature="scheduled", epochs=3)
    expected = numbers(list(fit(settings)))
    run = fit(settings, state_file=tmp_path / "state.pt")
    before = [next(run), next(run)]
    run.close()
    assert numbers(list(fit(settings, state_file=tmp_path / "state.pt"))) == expected
    assert numbers(before) == expected[:2]


def test_a_state_of_an_earlier_version_is_one_with_repeats(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    plain = config(data, epochs=1).model_copy(update={"unique_captions": False})
    list(fit(plain, state_file=path))
    state = torch.load(path, weights_only=True)
    del state["config"]["unique_captions"]
    torch.save(state, path)
    assert len(list(fit(plain, state_file=path))) == 2
    with pytest.raises(UserError, match="holds a run with unique_captions False, not True"):
        list(fit(config(data, epochs=1), state_file=path))


def test_what_cannot_be_ends_before_the_first_epoch(data: Path) -> None:
    message = "a batch of 12 pairs needs as many captions that differ, and the 16 training images have 11"
    run = fit(config(data, batch_size=12))
    with pytest.raises(UserError, match=message):
        next(run)
    with pytest.raises(UserError, match=message):
        trial_steps(config(data, batch_size=12))
    assert trial_steps(config(data)).steps_per_epoch == 3


def test_epochs_of_different_lengths_share_one_schedule(tmp_path: Path) -> None:
    """Of several captions an image each epoch draws one, and may find more or fewer that differ."""
    data = write_small_data(tmp_path / "several", captions_per_image=3)
    described = json.loads((data / CAPTIONS).read_text())
    for row in open_dataset(data).train.tolist():
        described["captions"][row][:2] = ["the same", "the same"]
    (data / CAPTIONS).write_text(json.dumps(described))
    settings = config(data, epochs=6, batch_size=3, temperature="scheduled", temperature_end=0.5, warmup=0.0)
    reports = list(fit(settings))
    trained = [16 - report["pairs_left_out"] for report in reports[1:]]
    assert len(set(trained)) > 1
    done = np.cumsum(trained) / sum(trained)
    scales = np.log([report["logit_scale"] for report in reports])
    assert (scales[1:] - scales[0]) / (scales[-1] - scales[0]) == pytest.approx(done, abs=1e-4)
    assert reports[-1]["logit_scale"] == pytest.approx(2.0, rel=1e-4)
