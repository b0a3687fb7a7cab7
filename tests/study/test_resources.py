import pytest

from gap.errors import UserError
from study.resources import Share, share_of


@pytest.mark.parametrize(
    ("nodes", "concurrent", "device", "asked", "share"),
    [
        ([{"CPU": 2.0}], 1, "cpu", None, Share(2, 0.0)),
        ([{"CPU": 2.0, "GPU": 1.0}], 1, "cpu", None, Share(2, 0.0)),
        ([{"CPU": 16.0, "GPU": 1.0}], 1, "cuda", None, Share(16, 1.0)),
        ([{"CPU": 16.0, "GPU": 4.0}], 1, "cuda", None, Share(16, 1.0)),
        ([{"CPU": 16.0, "GPU": 4.0}], 4, "cuda", None, Share(4, 1.0)),
        ([{"CPU": 16.0, "GPU": 1.0}], 3, "cuda", None, Share(5, 1 / 3)),
        ([{"CPU": 16.0, "GPU": 2.0}], 8, "cuda", 0.25, Share(2, 0.25)),
        ([{"CPU": 8.0}, {"CPU": 4.0}], 3, "cpu", None, Share(4, 0.0)),
        ([{"CPU": 8.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 1.0}], 2, "cuda", None, Share(2, 1.0)),
        ([{"CPU": 8.0}, {"CPU": 8.0, "GPU": 1.0}], 1, "cuda", None, Share(8, 1.0)),
    ],
)
def test_the_machine_is_divided(
    nodes: list[dict[str, float]], concurrent: int, device: str, asked: float | None, share: Share
) -> None:
    assert share_of(nodes, concurrent=concurrent, device=device, gpus_per_trial=asked) == share


def test_what_does_not_fit_says_how_much_would() -> None:
    with pytest.raises(UserError, match="--concurrent 3: only 2 trials with 0 GPUs and a processor each fit"):
        share_of([{"CPU": 2.0}], concurrent=3, device="cpu")
    with pytest.raises(UserError, match="--concurrent 2: only 1 trials with 1 GPUs"):
        share_of([{"CPU": 8.0, "GPU": 1.0}], concurrent=2, device="cuda", gpus_per_trial=1)


def test_a_cluster_without_a_gpu_is_no_place_for_a_cuda_study() -> None:
    with pytest.raises(UserError, match="Ray sees no GPU"):
        share_of([{"CPU": 2.0}], concurrent=1, device="cuda")
