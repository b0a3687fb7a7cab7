"""Whether a model's weights are on this machine, without a request to any other."""

from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

from gap.errors import UserError
from gap.models.architecture import CONFIG, read_described, weights_beside
from gap.models.file_digest import check_sha256
from gap.models.load import OWN, check_known, check_pretrained
from gap.models.published import weights_of
from gap.models.weight_settings import HF_HUB, WeightSettings, brings_weights

DOWNLOADED = Path("~/.cache/clip")  # where open_clip puts what it does not get from the Hugging Face hub


def weights_at_hand(name: str, pretrained: str | None) -> bool:
    """Tell whether ``load_clip`` finds all weights here: bundled, in a file, or downloaded before.

    Raises ``UserError`` on an unknown model or tag.

    >>> weights_at_hand("tiny", None), weights_at_hand("ViT-L-14", "no/such/file.pt")
    (True, False)
    """
    check_known(name)
    check_pretrained(name, pretrained)
    if brings_weights(name):
        return _is_here(name)
    if name in OWN:
        return pretrained is None or Path(pretrained).expanduser().is_file()
    tag, _ = weights_of(name, pretrained)
    if not tag:
        return Path(pretrained or "").expanduser().is_file()
    repository, _, file = str(tag.get("hf_hub", "")).rpartition("/")
    if repository:
        return any(isinstance(try_to_load_from_cache(repository, one), str) for one in _candidates(file))
    return (DOWNLOADED.expanduser() / Path(tag["url"]).name).is_file()


def check_weights(name: str, pretrained: str | None, settings: WeightSettings) -> None:
    """Make sure that the file of weights is still the one whose sha256 was noted, without reading its tensors.

    Raises ``UserError`` if it is gone or another one; nothing is checked where no digest was noted.
    """
    if settings.weights_sha256 is None:
        return
    brings = brings_weights(name)
    file = weights_beside(name, read_described(name)) if brings else Path(str(pretrained)).expanduser()
    if not file.is_file():
        raise UserError(f"checkpoint {file}: no such file")
    check_sha256(file, settings.weights_sha256)


def _is_here(name: str) -> bool:
    if name.startswith(HF_HUB):
        repository = name.removeprefix(HF_HUB)
        here = [isinstance(try_to_load_from_cache(repository, one), str) for one in (CONFIG, *_candidates(""))]
        return here[0] and any(here[1:])
    try:
        return weights_beside(name, read_described(name)).is_file()
    except UserError:
        return False


def _candidates(file: str) -> list[str]:
    """List the names that open_clip looks for, the one without pickled code first."""
    if file in ("", HF_WEIGHTS_NAME):
        return [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME]
    return [str(Path(file).with_suffix(".safetensors")), file]
