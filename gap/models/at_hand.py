"""Whether a model's weights are on this machine, without a request to any other."""

from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

from gap.models.load import OWN, check_known
from gap.models.published import weights_of

DOWNLOADED = Path("~/.cache/clip")  # where open_clip puts what it does not get from the Hugging Face hub


def weights_at_hand(name: str, pretrained: str | None) -> bool:
    """Tell whether ``load_clip`` finds all weights here: bundled, in a file, or downloaded before.

    Raises ``UserError`` on an unknown model or tag.

    >>> weights_at_hand("tiny", None), weights_at_hand("ViT-L-14", "no/such/file.pt")
    (True, False)
    """
    check_known(name)
    if name in OWN:
        return pretrained is None or Path(pretrained).is_file()
    tag, _ = weights_of(name, pretrained)
    if not tag:
        return Path(pretrained or "").is_file()
    repository, _, file = str(tag.get("hf_hub", "")).rpartition("/")
    if repository:
        return any(isinstance(try_to_load_from_cache(repository, one), str) for one in _candidates(file))
    return (DOWNLOADED.expanduser() / Path(tag["url"]).name).is_file()


def _candidates(file: str) -> list[str]:
    """List the names that open_clip looks for, the one without pickled code first."""
    if file in ("", HF_WEIGHTS_NAME):
        return [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME]
    return [str(Path(file).with_suffix(".safetensors")), file]
