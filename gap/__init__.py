"""The science of CLIP's modality gap: losses, metrics, models, data and training, in plain PyTorch."""

from gap import _telemetry as _telemetry  # before anything imports huggingface_hub
from gap import _torchvision_ops as _torchvision_ops  # before anything imports torchvision

__version__ = "0.1.0"
