"""Files whose reading would run code: each is refused in one line, and the code has not run."""

import contextlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from cifar_like import write_cifar10
from safetensors.torch import save_file
from small_data import write_small_data

from gap.data import open_dataset
from gap.data.dataset import IMAGES
from gap.data.torchvision_images import read_cifar10, read_eurosat
from gap.errors import UserError
from gap.models.adapters import adapt
from gap.models.export import export_checkpoint
from gap.models.load import load_clip
from gap.models.save import load_adapter, save_adapter
from gap.models.tokenizer import load_tokenizer
from gap.training.state import read_state


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """What malicious files make; the pickle works where pickles are trusted."""
    proof = tmp_path / "proof"
    pickle.loads(pickle.dumps(Touch(proof)))
    assert proof.exists()
    return tmp_path / "ran"


def refused(read: Callable[[], object], message: str, ran: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read()
    assert "\n" not in str(caught.value)
    assert not ran.exists()


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".ckpt"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint(tmp_path: Path, ran: Path, suffix: str, zipped: bool) -> None:
    path = tmp_path / f"evil{suffix}"
    torch.save({"state_dict": {"logit_scale": Touch(ran)}}, path, _use_new_zipfile_serialization=zipped)
    refused(lambda: load_clip("tiny", str(path)), "evil.* cannot be read as plain tensors", ran)


@pytest.mark.parametrize("suffix", [".pkl", ".pt2", ".npz", ".npy", ".safetensors"])
def test_a_checkpoint_of_another_kind(tmp_path: Path, ran: Path, suffix: str) -> None:
    path = tmp_path / f"evil{suffix}"
    path.write_bytes(pickle.dumps(Touch(ran)))
    refused(lambda: load_clip("tiny", str(path)), "evil.*plain tensors", ran)


def test_a_checkpoint_with_code_of_torchscript(tmp_path: Path, ran: Path) -> None:
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.save(torch.jit.trace(torch.nn.Linear(1, 1), torch.zeros(1)), tmp_path / "evil.pt")
    refused(lambda: load_clip("tiny", str(tmp_path / "evil.pt")), "cannot be read as plain tensors", ran)


@pytest.mark.parametrize("asked", [False, True], ids=["quietly", "asked by the configuration"])
@pytest.mark.parametrize("part", ["config.json", "tokenizer_config.json"])
def test_a_folder_that_brings_code_for_its_texts(tmp_path: Path, ran: Path, part: str, asked: bool) -> None:
    folder = tmp_path / "folder"
    export_checkpoint(load_clip("mini"), None, folder)
    (file,) = folder.rglob(part)
    for place in {folder, file.parent}:
        (place / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n", encoding="utf-8")
    described = json.loads(file.read_text(encoding="utf-8"))
    described["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]}
    described |= {"model_type": "evil"} if part == "config.json" else {"tokenizer_class": "Evil"}
    file.write_text(json.dumps(described), encoding="utf-8")
    if asked:
        whole = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
        whole["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
        (folder / "open_clip_config.json").write_text(json.dumps(whole), encoding="utf-8")
    with contextlib.suppress(UserError):  # transformers may pass over a tokenizer's class for the one that it knows
        load_clip(f"local-dir:{folder}")
    with contextlib.suppress(UserError):
        load_tokenizer(f"local-dir:{folder}", "en")
    assert not ran.exists()


def test_no_environment_variable_lets_pickles_in(tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    path = tmp_path / "evil.pt"
    torch.save({"state_dict": Touch(ran)}, path)
    refused(lambda: load_clip("tiny", str(path)), "cannot be read as plain tensors", ran)
    refused(lambda: read_state(path), "holds no state of a run", ran)


def test_a_state(tmp_path: Path, ran: Path) -> None:
    names = ("config", "reports", "trained", "optimiser", "schedule", "random", "random_cuda")
    torch.save(dict.fromkeys(names, Touch(ran)), tmp_path / "state.pt")
    refused(lambda: read_state(tmp_path / "state.pt"), "holds no state of a run", ran)


def saved_adapter(directory: Path) -> Path:
    clip = load_clip("tiny")
    save_adapter(clip, adapt(clip.model, method="lora", rank=2), directory)
    return directory


def test_pickled_weights_of_an_adapter(tmp_path: Path, ran: Path) -> None:
    adapter = saved_adapter(tmp_path / "adapter")
    (adapter / "adapter_model.safetensors").unlink()
    torch.save({"weight": Touch(ran)}, adapter / "adapter_model.bin")
    refused(lambda: load_adapter(load_clip("tiny"), adapter), "adapter_model.bin can run code", ran)


def test_pickled_weights_beside_good_ones_are_not_looked_at(tmp_path: Path, ran: Path) -> None:
    adapter = saved_adapter(tmp_path / "adapter")
    torch.save({"weight": Touch(ran)}, adapter / "adapter_model.bin")
    assert load_adapter(load_clip("tiny"), adapter) is not None
    assert not ran.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "peft_type is not as this package saves it"),
        ({"megatron_config": {"a": 1}, "megatron_core": "evil"}, "megatron_.* is not as this package saves it"),
        ({"init_lora_weights": "eva"}, "init_lora_weights is not as"),
        ({"modules_to_save": ["visual"]}, "modules_to_save is not as"),
        ({"unheard_of": True}, "unheard_of is not as"),
        ({"target_modules": "(a+)+$"}, "expected names of layers in target_modules"),
        ({"target_modules": None}, "names no target_modules"),
        ({"r": "4"}, "does not fit: "),
    ],
)
def test_a_configuration_that_makes_peft_do_more(
    tmp_path: Path, ran: Path, changed: dict[str, object], message: str
) -> None:
    adapter = saved_adapter(tmp_path / "adapter")
    described = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**described, **changed}))
    refused(lambda: load_adapter(load_clip("tiny"), adapter), message, ran)


@pytest.mark.parametrize("content", ["[]", "null", "[" * 100_000])
def test_a_configuration_that_is_none(tmp_path: Path, ran: Path, content: str) -> None:
    adapter = saved_adapter(tmp_path / "adapter")
    (adapter / "adapter_config.json").write_text(content)
    refused(lambda: load_adapter(load_clip("tiny"), adapter), "adapter .* does not fit: ", ran)


def test_an_array_of_objects(tmp_path: Path, ran: Path) -> None:
    data = write_small_data(tmp_path / "data")
    np.save(data / IMAGES, np.array([Touch(ran)], dtype=object), allow_pickle=True)
    refused(lambda: open_dataset(data), "is damaged", ran)


def test_pickles_that_are_not_cifars(tmp_path: Path, ran: Path) -> None:
    write_cifar10(tmp_path)
    for path in (tmp_path / "cifar-10-batches-py").iterdir():
        path.write_bytes(pickle.dumps(Touch(ran)))
    refused(lambda: read_cifar10(tmp_path, 8), "cifar10: not found, or damaged", ran)


def test_a_picture_that_pillow_would_give_to_another_program(tmp_path: Path) -> None:
    for name in ("AnnualCrop", "SeaLake"):
        folder = tmp_path / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for number in range(10):
            (folder / f"{number}.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EOF\n")
    data = read_eurosat(tmp_path, 8)
    with pytest.raises(ValueError, match="not an image of a known kind"):
        data.train_pixels(np.arange(1))


def test_another_file_that_torch_takes_for_tensors(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    save_file({"a": torch.ones(1)}, tmp_path / "other.safetensors")
    for name in ("list.pt", "other.safetensors"):
        with pytest.raises(UserError, match=f"checkpoint .*{name} ") as caught:
            load_clip("tiny", str(tmp_path / name))
        assert "\n" not in str(caught.value)
