import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_data import write_small_data
from torch import Tensor

import gap.training.prefix_file
from gap.data import PairDataset, open_dataset
from gap.errors import UserError
from gap.models.adapters import adapt
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.precision import autocast
from gap.models.prefix import Prefix
from gap.models.split import find_prefix
from gap.training.batches import to_pixels
from gap.training.prefix_cache import image_states, text_states
from gap.training.prefix_file import ABOUT, STATES
from gap.training.tokens import padding_id, trim_padding

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PairDataset:
    return open_dataset(write_small_data(tmp_path_factory.mktemp("data") / "squares"))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap.training.prefix_file, "CHUNK", 7)  # 24 examples: the last chunk is short


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every directory that is written while a test runs."""
    written: list[Path] = []
    write = gap.training.prefix_file.write_states

    def counted(directory: Path, *arguments: Any, **named: Any) -> None:
        written.append(directory)
        write(directory, *arguments, **named)

    monkeypatch.setattr("gap.training.prefix_cache.write_states", counted)
    return written


def adapted(precision: str = "fp32", **method: Any) -> Clip:
    clip = load_clip("tiny")
    adapt(clip.model, **({"method": "last_layers", "last_n": 1} | method))
    return clip


def prefix_of(clip: Clip, tower: str, precision: str = "fp32") -> Prefix:
    prefix = find_prefix(clip, tower, device=CPU, precision=precision)
    assert prefix is not None
    return prefix


def states(tower: str, clip: Clip, dataset: PairDataset, cache: Path, precision: str = "fp32") -> Tensor:
    prefix = prefix_of(clip, tower, precision)
    if tower == "image":
        return image_states(prefix, dataset, device=CPU, precision=precision, cache_dir=cache)
    return text_states(prefix, tokens_of(clip, dataset), device=CPU, precision=precision, cache_dir=cache)


def tokens_of(clip: Clip, dataset: PairDataset) -> Tensor:
    return clip.tokenize([texts[0] for texts in dataset.captions])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("tower", ["image", "text"])
def test_rows_are_what_the_frozen_blocks_make(dataset: PairDataset, tmp_path: Path, tower: str, precision: str) -> None:
    clip = adapted()
    got = states(tower, clip, dataset, tmp_path, precision)
    prefix = prefix_of(clip, tower, precision)
    inputs = {
        "image": to_pixels(torch.from_numpy(np.array(dataset.images)), mean=clip.mean, std=clip.std, device=CPU),
        "text": trim_padding(tokens_of(clip, dataset), padding_id(clip.model)),  # as long as the longest caption
    }[tower]
    with autocast(CPU, precision):
        expected = prefix.capture(inputs)
    assert got.dtype == expected.dtype == (torch.bfloat16 if (tower, precision) == ("image", "bf16") else torch.float32)
    assert not got.is_inference()
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0.02 if precision == "bf16" else 1e-5)


@pytest.mark.parametrize("tower", ["image", "text"])
def test_the_second_use_computes_nothing(
    dataset: PairDataset, tmp_path: Path, writes: list[Path], tower: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = states(tower, adapted(), dataset, tmp_path)
    (directory,) = (tmp_path / "prefix").glob("[!.]*")
    assert sorted(path.name for path in directory.iterdir()) == sorted([STATES, ABOUT])
    monkeypatch.setattr(Prefix, "capture", lambda *_: pytest.fail("computed again"))
    assert torch.equal(states(tower, adapted(), dataset, tmp_path), first)
    assert len(writes) == 1


@pytest.mark.parametrize("tower", ["image", "text"])
def test_methods_that_freeze_the_same_blocks_share_a_file(
    dataset: PairDataset, tmp_path: Path, writes: list[Path], tower: str
) -> None:
    clip = adapted()
    clip.model.logit_scale.data += 1  # as a schedule does
    for one in (clip, adapted(method="dora", adapt_blocks=1), adapted(method="lora", adapt_blocks=1, rank=2)):
        states(tower, one, dataset, tmp_path)
    assert len(writes) == 1


def other_weights(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    with torch.no_grad():
        clip.model.visual.class_embedding[0] += 1e-6
        clip.model.token_embedding.weight[0, 0] += 1e-6
    return clip, dataset


def other_buffer(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    clip.model.visual.register_buffer("shift", torch.zeros(1))
    clip.model.register_buffer("shift", torch.zeros(1))
    return clip, dataset


def other_architecture(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    return replace(clip, architecture={**clip.architecture, "quick_gelu": True}), dataset


def other_cut(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    adapt(clip.model, method="last_layers", last_n=2)
    return clip, dataset


def other_data(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    return clip, replace(dataset, data_hash="e", captions=[["a bee"], *dataset.captions[1:]])


def fewer(clip: Clip, dataset: PairDataset) -> tuple[Clip, PairDataset]:
    return clip, replace(dataset, images=dataset.images[:9], captions=dataset.captions[:9])


@pytest.mark.parametrize("change", [other_weights, other_buffer, other_architecture, other_cut, other_data, fewer])
@pytest.mark.parametrize("tower", ["image", "text"])
def test_whatever_decides_the_states_decides_the_key(
    dataset: PairDataset, tmp_path: Path, writes: list[Path], tower: str, change: Callable[..., Any]
) -> None:
    states(tower, adapted(), dataset, tmp_path)
    states(tower, *change(adapted(), dataset), tmp_path)
    assert len({directory.name for directory in writes}) == 2


def test_the_preprocessing_decides_the_key_of_images(dataset: PairDataset, tmp_path: Path, writes: list[Path]) -> None:
    for std in ((0.5, 0.5, 0.5), (0.5, 0.5, 0.25)):
        states("image", replace(adapted(), std=std), dataset, tmp_path)
    assert len({directory.name for directory in writes}) == 2


@pytest.mark.parametrize("tower", ["image", "text"])
def test_the_precision_decides_the_key(dataset: PairDataset, tmp_path: Path, writes: list[Path], tower: str) -> None:
    for precision in ("fp32", "bf16"):
        states(tower, adapted(), dataset, tmp_path, precision)
    assert len({directory.name for directory in writes}) == 2


def damage_content(directory: Path) -> None:
    content = bytearray((directory / STATES).read_bytes())
    content[len(content) // 2] ^= 1
    (directory / STATES).write_bytes(content)
    os.utime(directory / STATES, (1, 1))  # a file of the same age would be taken for the one checked before


def truncate(directory: Path) -> None:
    (directory / STATES).write_bytes((directory / STATES).read_bytes()[:-4])


def lengthen(directory: Path) -> None:
    (directory / STATES).write_bytes((directory / STATES).read_bytes() + b"more")


def lose_content(directory: Path) -> None:
    (directory / STATES).unlink()


def lose_description(directory: Path) -> None:
    (directory / ABOUT).unlink()


def damage_description(directory: Path) -> None:
    (directory / ABOUT).write_text((directory / ABOUT).read_text()[:-3])


def forget_the_checksum(directory: Path) -> None:
    about = json.loads((directory / ABOUT).read_text())
    (directory / ABOUT).write_text(json.dumps({name: about[name] for name in ("shape", "dtype")}))


@pytest.mark.parametrize(
    "harm",
    [damage_content, truncate, lengthen, lose_content, lose_description, damage_description, forget_the_checksum],
)
def test_what_is_damaged_is_made_again(
    dataset: PairDataset, tmp_path: Path, writes: list[Path], harm: Callable[[Path], None]
) -> None:
    expected = states("image", adapted(), dataset, tmp_path).clone()
    (directory,) = (tmp_path / "prefix").glob("[!.]*")
    harm(directory)
    assert torch.equal(states("image", adapted(), dataset, tmp_path), expected)
    assert len(writes) == 2


def test_states_in_use_outlive_their_directory(dataset: PairDataset, tmp_path: Path) -> None:
    mapped = states("image", adapted(), dataset, tmp_path)
    expected = mapped.clone()
    (directory,) = (tmp_path / "prefix").glob("[!.]*")
    lose_description(directory)
    states("image", adapted(), dataset, tmp_path)
    assert torch.equal(mapped, expected)


def test_a_full_disk_is_one_line_and_leaves_nothing(
    dataset: PairDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("usage", (), {"free": 100_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    needed = 24 * 17 * 64 * 4
    with pytest.raises(UserError, match=rf"need {needed} bytes .* set cache_prefix: false$") as caught:
        states("image", adapted(), dataset, tmp_path)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "prefix").glob("[!.]*")) == []


def test_an_interrupted_run_leaves_nothing(
    dataset: PairDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, calls = Prefix.capture, []

    def interrupted(self: Prefix, inputs: Tensor) -> Tensor:
        calls.append(len(inputs))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return capture(self, inputs)

    monkeypatch.setattr(Prefix, "capture", interrupted)
    with pytest.raises(KeyboardInterrupt):
        states("image", adapted(), dataset, tmp_path)
    assert calls == [7, 7, 7]
    assert list((tmp_path / "prefix").glob("[!.]*")) == []
    assert len(states("image", adapted(), dataset, tmp_path)) == len(dataset.images)


def test_a_long_run_says_so(
    dataset: PairDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    states("image", adapted(), dataset, tmp_path)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(gap.training.prefix_file, "LONG", 20)
    states("text", adapted(), dataset, tmp_path)
    assert capsys.readouterr().err.startswith("text tower: computing its frozen blocks once, 24 examples")


def test_texts_are_known_by_their_tokens(dataset: PairDataset, tmp_path: Path, writes: list[Path]) -> None:
    prefix = prefix_of(adapted(), "text")
    tokens = tokens_of(prefix.clip, dataset)
    changed = tokens.clone()
    changed[-1, 1] += 1
    for some in (tokens, tokens.clone(), changed):
        text_states(prefix, some, device=CPU, precision="fp32", cache_dir=tmp_path)
    assert len(writes) == 2
    assert np.unique([directory.name for directory in writes]).size == 2
