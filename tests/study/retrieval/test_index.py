"""The index: what it proposes, that it is kept, and that nothing stale is used."""

import builtins
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from gap.errors import UserError
from study.retrieval import index as module
from study.retrieval.index import build_index, open_index, propose, wants_index
from study.retrieval.nearest import best_of, nearest


def quiet(what: str, steps: int) -> Any:
    return nullcontext(lambda: None)


def clustered(n: int, d: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(40, d, generator=generator)
    noise = 0.5 * torch.randn(n, d, generator=generator)
    return normalize(centres[torch.arange(n) % 40] + noise, dim=1)


def test_it_proposes_nearly_all_of_the_nearest() -> None:
    gallery = clustered(4000, 24)
    index, found = build_index(gallery, watch=quiet), 0
    for query in clustered(4100, 24)[4000:]:
        proposed = propose(index, query, 12)
        assert proposed.tolist() == sorted(set(proposed.tolist()))
        exact, approximate = nearest(query, gallery, 12)[1], best_of(query, gallery, proposed, 12)[1]
        found += len(set(exact.tolist()) & set(approximate.tolist()))
    assert found >= 0.95 * 12 * 100


@pytest.mark.parametrize("n", [1, 2, 13])
def test_a_small_gallery_is_found_whole(n: int) -> None:
    gallery = clustered(n, 8)
    assert propose(build_index(gallery, watch=quiet), gallery[0], 20).tolist() == list(range(n))


def test_it_is_kept_under_its_key_and_built_anew_under_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    build = module.build_index
    monkeypatch.setattr(module, "build_index", lambda *a, **k: built.append(1) or build(*a, **k))
    gallery, path = clustered(300, 8), tmp_path / "gallery-t000-image.safetensors"
    for key, times in (("a" * 64, 1), ("a" * 64, 1), ("b" * 64, 2)):
        assert open_index(path, gallery, key, watch=quiet).ntotal == 300
        assert len(built) == times
        assert [file.name for file in tmp_path.iterdir()] == [f"gallery-t000-image-{key[:16]}.faiss"]
    kept = next(tmp_path.iterdir())
    kept.write_bytes(kept.read_bytes()[:100])
    assert open_index(path, gallery, "b" * 64, watch=quiet).ntotal == 300
    assert len(built) == 3


def test_it_is_used_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    small = torch.zeros(3, 2)
    assert [wants_index(small, index) for index in (None, True, False)] == [False, True, False]
    monkeypatch.setattr(module, "LARGE", 5)
    assert [wants_index(small, index) for index in (None, True, False)] == [True, True, False]


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "faiss":
            raise ImportError("No module named 'faiss'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UserError, match=r'pip install "clip-modality-gap\[index\]"'):
        build_index(torch.zeros(3, 2), watch=quiet)
