"""A trial of a study that has ended: its model with what was trained, and the data that it saw."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from open_clip.pretrained import get_pretrained_cfg

from gap.data import PairDataset, open_dataset
from gap.errors import UserError
from gap.models.clip import Clip
from gap.models.load import OWN, load_clip
from gap.models.save import load_adapter
from gap.models.weight_settings import WeightSettings
from gap.training.settings import EARLIER
from study.about import read_study_json

if TYPE_CHECKING:
    import peft

BASELINE = "baseline"  # names the model before training wherever a trial is asked for


class Spec(dict[str, Any]):
    """The settings that a study's ``study.json`` names; asking for another one raises ``UserError``."""

    def __missing__(self, name: str) -> Any:
        raise UserError(f"study.json of this study names no {name} in its spec")


def study_spec(directory: Path) -> Spec:
    """Read the resolved configuration of a study, with what an earlier version did not note as it was then.

    Raises ``UserError`` if ``directory`` holds none.
    """
    try:
        return Spec({**EARLIER, **read_study_json(directory)["spec"]})
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{directory} holds no study: cannot read study.json ({error})") from error


def kept_trials(directory: Path) -> list[str]:
    """List the trials whose adapters were kept: the front's, or all if the space says ``keep_adapters: all``."""
    return sorted(path.name for path in (directory / "adapters").glob("t*") if path.is_dir())


def check_kept(directory: Path, trial: str) -> None:
    """Raise ``UserError`` unless the adapter of ``trial`` was kept; the ``baseline`` needs none."""
    kept = kept_trials(directory)
    if trial not in (BASELINE, *kept):
        raise UserError(f"{directory} has no adapter of {trial}: expected one of {', '.join(kept) or 'none yet'}")


def load_trial(directory: Path, trial: str) -> "tuple[Clip, peft.PeftModel | None]":
    """Load the study's model with what ``trial`` trained; ``baseline`` is the model before training.

    The PEFT model comes with it where there are adapters.

    Raises ``UserError`` if there is no such study or trial, or its adapter was not kept.
    """
    spec = study_spec(directory)
    check_kept(directory, trial)
    clip = load_base(spec)
    return clip, None if trial == BASELINE else load_adapter(clip, directory / "adapters" / trial)


def load_base(spec: Mapping[str, Any]) -> Clip:
    """Load the model that a study's settings name, as it was before training.

    Raises ``UserError`` as :func:`gap.models.load.load_clip` does, and on settings of an earlier version that do not
    say how a file's weights were read.
    """
    check_says_how(spec)
    return load_clip(spec["model"], spec["pretrained"], WeightSettings.of(spec))


def check_says_how(spec: Mapping[str, Any]) -> None:
    """Raise ``UserError`` if the settings of a study that has begun do not say how its weights' file was read.

    Earlier versions took the architecture's own activation, and open_clip's mean and std, without noting it.
    """
    model, pretrained = spec["model"], spec["pretrained"]
    if pretrained is None or model in OWN or "quick_gelu" in spec or get_pretrained_cfg(model, pretrained):
        return
    raise UserError(
        f"study.json is of an earlier version, which does not say how it read {model}:{pretrained}: with the "
        'activation of that name. Add "quick_gelu": false (true for a -quickgelu name), image_mean and image_std to '
        "its spec if that was right, or begin anew"
    )


def study_dataset(directory: Path) -> PairDataset:
    """Open the prepared dataset that the trials of a study read.

    Raises ``UserError`` if there is no study, or its dataset has left the cache or changed.
    """
    try:
        data = read_study_json(directory)["data"]
        path, expected = Path(data["path"]), data["data_hash"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{directory} holds no study: cannot read study.json ({error})") from error
    if not path.is_dir():
        raise UserError(
            f"{directory}: its dataset {path} has left the cache; --dry-run of the same study makes it anew"
        )
    dataset = open_dataset(path)
    if dataset.data_hash != expected:
        raise UserError(f"{directory}: {path} holds other data now (hash {dataset.data_hash[:12]}…)")
    return dataset
