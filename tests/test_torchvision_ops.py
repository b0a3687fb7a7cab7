import torch

import gap._torchvision_ops as ops


def test_torchvision_imports_and_its_operators_exist() -> None:
    import torchvision.transforms  # noqa: F401  (the import itself is the claim)

    assert hasattr(torch.ops.torchvision, "nms")


def test_declaring_twice_changes_nothing() -> None:
    assert ops.declare_missing_ops() == []
