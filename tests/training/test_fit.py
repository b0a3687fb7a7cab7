import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from open_clip.model import CLIP
from small_data import write_small_data

import gap.training.epoch
import gap.training.fit
import gap.training.step
from gap.losses import TERMS
from gap.metrics import METRICS
from gap.models.load import load_clip
from gap.models.mini import IMAGE_SIZE
from gap.models.save import load_adapter
from gap.training.config import TrialConfig
from gap.training.errors import NonFiniteError
from gap.training.evaluation import evaluate_features, evaluate_split, make_split
from gap.training.fit import fit
from gap.training.prefix_file import NoRoomError

COSTS = {"seconds", "train_seconds", "images_per_second", "data_share", "peak_memory_gb", "trained_parameters"}
Report = dict[str, float]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data") / "squares")


@pytest.fixture(scope="module")
def train(data: Path) -> Callable[..., list[Report]]:
    def run(**settings: Any) -> list[Report]:
        defaults = {"model": "tiny", "data": data, "epochs": 2, "batch_size": 8, "lr": 0.01, "rank": 4, "pool_size": 4}
        return list(fit(TrialConfig(**(defaults | settings))))

    return run


@pytest.fixture(scope="module")
def plain(train: Callable[..., list[Report]]) -> list[Report]:
    return train()


def numbers(reports: list[Report]) -> list[Report]:
    return [{name: value for name, value in report.items() if name not in COSTS} for report in reports]


def test_every_metric_is_reported_every_epoch(plain: list[Report]) -> None:
    assert [report["epoch"] for report in plain] == [0, 1, 2]
    for report in plain:
        assert set(METRICS) <= set(report)
        assert all(METRICS[name].low - 1e-6 <= report[name] <= METRICS[name].high + 1e-6 for name in METRICS)
        assert all(math.isfinite(value) for value in report.values())
    for report in plain[1:]:
        assert {"loss", "term_ce", "last_lr", "images_per_second", "pairs_at_once"} <= set(report)
        assert 0 <= report["data_share"] < 1
        assert report["loss"] == pytest.approx(report["term_ce"])
    assert plain[2]["seconds"] > plain[2]["train_seconds"] > plain[1]["train_seconds"] > 0


def test_epoch_zero_is_the_model_before_training(data: Path, plain: list[Report]) -> None:
    from gap.data import open_dataset

    clip, dataset = load_clip("tiny"), open_dataset(data)
    split = make_split(dataset, clip, dataset.test)
    expected = evaluate_split(clip, dataset, split, device=torch.device("cpu"), precision="fp32", pool_size=4)
    assert {name: plain[0][name] for name in METRICS} == pytest.approx(expected, abs=1e-5)


def test_the_model_before_training_is_measured_once(
    train: Callable[..., list[Report]], plain: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def counted(*arguments: Any, **keywords: Any) -> Report:
        calls.append(1)
        return evaluate_features(*arguments, **keywords)

    monkeypatch.setattr(gap.training.fit, "evaluate_features", counted)
    assert numbers(train(seed=3))[0] == numbers(plain)[0]
    assert len(calls) == 2  # after either epoch
    assert numbers(train(pool_size=8))[0] != numbers(plain)[0]
    assert len(calls) == 5


def test_training_learns(train: Callable[..., list[Report]]) -> None:
    reports = train(epochs=12)
    assert reports[-1]["loss"] < 0.7 * reports[1]["loss"]


def test_the_same_seed_gives_the_same_numbers(train: Callable[..., list[Report]], plain: list[Report]) -> None:
    assert numbers(train()) == numbers(plain)


def test_mini_gives_the_same_numbers_too(train: Callable[..., list[Report]], tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "large", image_size=IMAGE_SIZE)
    first, second = (numbers(train(model="mini", data=data, epochs=1, lr=1e-3)) for _ in range(2))
    assert first == second
    assert first[0]["modality_gap"] != first[1]["modality_gap"]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"rank": 2},
        {"lr": 0.02},
        {"method": "lora"},
        {"method": "last_layers"},
        {"method": "full", "lr": 0.001},
        {"weight_decay": 1.0},
        {"warmup": 0.9},
        {"batch_size": 4},
        {"temperature": "frozen"},
        {"temperature": "scheduled", "temperature_end": 0.5},
        {"temperature": "fixed", "temperature_end": 0.5},
        {"precision": "bf16"},
    ],
    ids=str,
)
def test_every_setting_reaches_the_training(
    train: Callable[..., list[Report]], plain: list[Report], change: dict[str, Any]
) -> None:
    assert train(**change)[-1]["modality_gap"] != plain[-1]["modality_gap"]


@pytest.mark.parametrize("term", sorted(set(TERMS) - {"ce", "siglip"}))
def test_every_term_and_its_weight_reach_the_training(
    train: Callable[..., list[Report]], plain: list[Report], term: str
) -> None:
    once, thrice = (train(terms=f"ce+{term}", weights={term: weight}) for weight in (1.0, 3.0))
    assert f"term_{term}" in once[-1]
    assert len({plain[-1]["modality_gap"], once[-1]["modality_gap"], thrice[-1]["modality_gap"]}) == 3


def test_a_single_term_has_a_weight_too(train: Callable[..., list[Report]]) -> None:
    # Adam's steps do not depend on the scale of the whole loss: only the loss itself shows it.
    last = train(weights={"ce": 0.5})[-1]
    assert last["loss"] == pytest.approx(0.5 * last["term_ce"])


def test_recall_on_training_images_is_measured_when_asked(
    train: Callable[..., list[Report]], plain: list[Report]
) -> None:
    names = {f"train_recall_at_{k}" for k in (1, 5, 10)}
    assert not names & set(plain[0])
    reports = train(train_metrics=True)
    assert all(names <= set(report) for report in reports)
    assert all(0 <= report[name] <= 100 for report in reports for name in names)
    assert numbers(plain)[-1].items() <= numbers(reports)[-1].items()  # and changes nothing else


def test_siglip_takes_the_place_of_ce(train: Callable[..., list[Report]], plain: list[Report]) -> None:
    reports = train(terms="siglip")
    assert "term_ce" not in reports[-1]
    assert reports[-1]["modality_gap"] != plain[-1]["modality_gap"]


def test_alpha_and_beta_reach_the_terms_that_have_them(train: Callable[..., list[Report]]) -> None:
    for change in ({"terms": "ce+orthogonal_inter", "alpha": 5.0}, {"terms": "ce+variance", "beta": -5.0}):
        without = {key: value for key, value in change.items() if key == "terms"}
        assert train(**change)[-1]["modality_gap"] != train(**without)[-1]["modality_gap"]


def test_the_temperature_follows_its_policy(train: Callable[..., list[Report]], plain: list[Report]) -> None:
    start = plain[0]["logit_scale"]
    assert plain[-1]["logit_scale"] != start
    assert {report["logit_scale"] for report in train(temperature="frozen")} == {start}
    ends = train(temperature="scheduled", temperature_end=0.5)
    assert ends[-1]["logit_scale"] == pytest.approx(2.0)
    assert ends[1]["logit_scale"] == pytest.approx(math.sqrt(start * 2.0))
    held = train(temperature="fixed", temperature_end=0.5)
    assert [report["logit_scale"] for report in held] == pytest.approx([start, 2.0, 2.0])


def test_a_fixed_temperature_holds_from_the_first_step(train: Callable[..., list[Report]]) -> None:
    # Of 16 pairs, an epoch is one step: its loss is taken before the optimiser has moved anything.
    settings = {"batch_size": 16, "epochs": 1}
    losses = [train(temperature="fixed", temperature_end=end, **settings)[1]["loss"] for end in (0.5, 0.1)]
    assert losses[0] != losses[1]


def test_checkpointing_changes_memory_only(train: Callable[..., list[Report]], plain: list[Report]) -> None:
    for got, expected in zip(numbers(train(gradient_checkpointing=True)), numbers(plain), strict=True):
        assert got == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("chunk", [1, 3, 8, 100])
def test_chunks_change_memory_only(train: Callable[..., list[Report]], plain: list[Report], chunk: int) -> None:
    # Adam's first steps are a gradient's sign, however small it is: rounding is seen in the parameters.
    reports = train(chunk_size=chunk)
    assert [report.pop("pairs_at_once") for report in reports[1:]] == [min(chunk, 8)] * 2
    for got, expected in zip(numbers(reports), numbers(plain), strict=True):
        assert got == pytest.approx({name: expected[name] for name in got}, abs=1e-3)


@pytest.mark.parametrize("settings", [{"method": "last_layers", "last_n": 1}, {"adapt_blocks": 1}], ids=str)
def test_a_frozen_prefix_changes_time_only(
    train: Callable[..., list[Report]], settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(**settings, cache_prefix=False)
    run = []
    for tower in ("encode_image", "encode_text"):
        real = getattr(CLIP, tower)
        monkeypatch.setattr(
            CLIP, tower, lambda *inputs, real=real, **named: run.append(inputs[1]) or real(*inputs, **named)
        )
    short = train(**settings, terms="ce", train_metrics=True)
    assert {len(inputs) for inputs in run if inputs.ndim == 4 and inputs.any()} <= {1, 2, 24}  # cut, and computed once
    for got, expected in zip(numbers(short), numbers(whole), strict=True):
        assert {name: got[name] for name in expected} == pytest.approx(expected, abs=1e-3)


def test_a_chunk_that_memory_has_no_room_for_is_halved(
    data: Path, plain: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = gap.training.epoch.accumulate

    def scarce(*arguments: Any, chunk: int, **keywords: Any) -> Any:
        if chunk > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")
        return real(*arguments, chunk=chunk, **keywords)

    monkeypatch.setattr(gap.training.epoch, "accumulate", scarce)
    notes: list[str] = []
    config = TrialConfig(model="tiny", data=data, epochs=2, batch_size=8, lr=0.01, rank=4, pool_size=4)
    reports = list(fit(config, note=notes.append))
    assert notes == [
        "out of memory: CUDA out of memory. Tried to allocate 3 GiB: chunk_size 8 is now 4",
        "out of memory: CUDA out of memory. Tried to allocate 3 GiB: chunk_size 4 is now 2",
    ]
    assert [report["pairs_at_once"] for report in reports[1:]] == [2, 2]
    for got, expected in zip(numbers(reports)[1:], numbers(plain)[1:], strict=True):
        assert got | {"pairs_at_once": 8} == pytest.approx(expected, abs=1e-3)


def test_where_one_pair_is_too_many_memory_has_run_out(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any, **keywords: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(gap.training.epoch, "accumulate", never)
    config = TrialConfig(model="tiny", data=data, epochs=1, batch_size=8, pool_size=4)
    with pytest.raises(torch.OutOfMemoryError):
        list(fit(config, note=lambda _: None))


def test_what_was_trained_is_saved(data: Path, tmp_path: Path) -> None:
    from gap.data import open_dataset

    config = TrialConfig(model="tiny", data=data, epochs=1, batch_size=8, lr=0.01, rank=4, pool_size=4)
    last = list(fit(config, tmp_path / "adapter"))[-1]
    clip, dataset = load_clip("tiny"), open_dataset(data)
    load_adapter(clip, tmp_path / "adapter")
    split = make_split(dataset, clip, dataset.test)
    again = evaluate_split(clip, dataset, split, device=torch.device("cpu"), precision="fp32", pool_size=4)
    without_base = {name: last[name] for name in METRICS if not name.endswith("cka_base")}
    assert {name: again[name] for name in without_base} == pytest.approx(without_base, abs=1e-5)
    assert max(last["image_cka_base"], last["text_cka_base"]) < 1 - 1e-6  # training changed the representation
    assert clip.model.logit_scale.exp().item() == pytest.approx(last["logit_scale"])


def test_several_captions_of_an_image(train: Callable[..., list[Report]], tmp_path: Path) -> None:
    several = write_small_data(tmp_path / "several", captions_per_image=3)
    reports = train(data=several)
    assert all(math.isfinite(value) for value in reports[-1].values())


def test_a_loss_that_is_not_finite_names_step_and_term(
    train: Callable[..., list[Report]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = gap.training.step.total_loss
    calls = []

    def broken(*arguments: Any, **keywords: Any) -> Any:
        calls.append(1)
        loss, values = real(*arguments, **keywords)
        return (loss * math.nan, {"ce": values["ce"] * math.nan}) if len(calls) == 3 else (loss, values)

    monkeypatch.setattr(gap.training.step, "total_loss", broken)
    with pytest.raises(NonFiniteError, match="step 2: loss is nan, term_ce is nan"):
        train()


def test_a_metric_that_is_not_finite_is_an_error(
    train: Callable[..., list[Report]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any, **keywords: Any) -> Report:
        return {"modality_gap": math.inf, "recall_at_1": 3.0}

    monkeypatch.setattr("gap.training.evaluation.evaluate", broken)
    with pytest.raises(NonFiniteError, match=r"^modality_gap not finite on the 8 images"):
        train()


def test_a_tower_runs_whole_where_the_disk_has_no_room(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(directory: Path, needed: int) -> None:
        raise NoRoomError(f"{directory}: {needed} bytes needed")

    config = TrialConfig(
        model="tiny", data=data, epochs=1, batch_size=8, method="last_layers", last_n=1, lr=0.02, pool_size=4
    )
    whole = list(fit(config.model_copy(update={"cache_prefix": False})))
    monkeypatch.setattr("gap.training.prefix_file._check_space", full)
    monkeypatch.setattr("gap.training.prefix_file._is_whole", lambda *_: False)
    notes: list[str] = []
    assert numbers(list(fit(config, note=notes.append))) == numbers(whole)
    assert [note.split("; the ")[-1] for note in notes] == ["image tower runs whole", *["text tower runs whole"] * 2]
