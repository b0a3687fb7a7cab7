import pytest
import torch

from benchmarks.retrieval import World, main, measure


def test_texts_lie_across_a_gap_from_their_images() -> None:
    world = World(64)
    images = world.images(2000)
    texts = world.texts(images)
    for vectors in (images, texts):
        assert torch.allclose(vectors.norm(dim=1), torch.ones(2000), atol=1e-5)
    assert 0.6 < (images.mean(dim=0) - texts.mean(dim=0)).norm() < 1.2
    pairs = (images * texts).sum(dim=1).mean()
    assert pairs > (images * texts.roll(1, dims=0)).sum(dim=1).mean() + 0.2


def test_a_small_gallery_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    names = [row.name for row in measure(500, 16, rounds=5, queries=10)]
    assert names == ["exact, 500 x 16", "index, 500 x 16", "building the index, 500 x 16"]
    main(["--vectors", "300", "--widths", "8", "--queries", "5"])
    assert "recall@12" in capsys.readouterr().out
