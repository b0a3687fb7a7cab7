"""How weights were trained, as far as the model has to be told: its activation, and how pixels are prepared for it.

A file of weights holds none of this. What is known comes from the first that tells: the user's settings and the
model's name, the ``open_clip_config.json`` that belongs to the file, open_clip's table of published weights by the
file's sha256 or name, and that table as a whole where all weights of the architecture agree. Where nothing tells, the
weights are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import open_clip
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

from gap.errors import UserError
from gap.models.tags import QUICK, Says, published
from gap.models.weight_settings import Triple, WeightSettings

ACTIVATION, NORMALISATION = ("quick_gelu",), ("mean", "std")
RESIZING = ("interpolation", "resize_mode")
DECISIVE = (*ACTIVATION, *NORMALISATION)
PREPARED = {"interpolation": "bicubic", "resize_mode": "shortest"}  # what gap.data.pixels does
Evidence = tuple[str, Says]  # who tells, and what of DECISIVE and RESIZING


class UndecidedError(UserError):
    """Nothing tells how some weights were trained."""


@dataclass(frozen=True)
class Recipe:
    """How weights were trained; ``told`` says of each entry what tells it, ``notes`` what else is to be known of them.

    ``quick_gelu`` is None where the architecture leaves no choice, ``interpolation`` and ``resize_mode`` where nothing
    tells.
    """

    quick_gelu: bool | None
    mean: Triple
    std: Triple
    interpolation: str | None = None
    resize_mode: str | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def line(self) -> str:
        """Say in a line what was decided, and from what.

        >>> mean, std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
        >>> Recipe(True, mean, std, told={"quick_gelu": "its tag", "mean": "its tag", "std": "settings"}).line()
        'QuickGELU (its tag); mean 0.5 0.5 0.5 (its tag); std 0.25 0.25 0.25 (settings)'
        """
        mean, std = (f"{name} {' '.join(f'{v:.4g}' for v in getattr(self, name))}" for name in NORMALISATION)
        parts = [] if self.quick_gelu is None else [(activation(self.quick_gelu), self.told.get("quick_gelu"))]
        parts += [(mean, self.told.get("mean")), (std, self.told.get("std"))]
        if parts[-1][1] == parts[-2][1]:
            parts[-2:] = [(f"{mean}, {std}", self.told.get("mean"))]
        return "; ".join(f"{what} ({how})" if how else what for what, how in parts)


def decide(
    name: str,
    evidence: Sequence[Evidence],
    *,
    has_choice: bool = True,
    otherwise: Evidence | None = None,
    where: str = "",
    lenient: bool = False,
) -> Recipe:
    """Take every entry from the first of ``evidence`` that tells it, else from the published weights if they agree.

    ``has_choice`` tells whether the architecture leaves a choice of activation, ``where`` names the weights in errors.
    ``otherwise`` has what holds where no evidence tells, in place of the published weights. Raises ``UndecidedError``
    where nothing tells, with the settings that would; ``lenient`` takes the architecture's own activation and
    open_clip's defaults then, which do for a plan.
    """
    known: Says = {}
    told: dict[str, str] = {}
    notes: list[str] = []
    for how, says in evidence:
        for entry, value in says.items():
            if entry not in known:
                known[entry], told[entry] = value, how
            elif known[entry] != value and entry in DECISIVE:
                notes.append(f"{how} says otherwise: {_shown(entry, value)}")
    if otherwise is not None:
        told |= {entry: otherwise[0] for entry in otherwise[1] if entry not in known}
        known = {**otherwise[1], **known}
    table = published(name)
    asked = DECISIVE if has_choice else NORMALISATION
    alike = {tag: says for tag, says in table.items() if all(says[e] == known[e] for e in asked if e in known)} or table
    for entry in (*asked, *RESIZING):
        values = {says[entry] for says in alike.values()}
        if entry not in known and len(values) == 1:
            known[entry], told[entry] = values.pop(), f"all published weights of {name.removesuffix(QUICK)}"
    if any(entry not in known for entry in asked):
        if table and not lenient:
            raise UndecidedError(_refusal(name, where, known, alike))
        why = "the architecture's own: nothing tells" if table else "no published weights tell: open_clip's default"
        for entry, value in _defaults(name).items():
            if entry not in known:
                known[entry], told[entry] = value, why
    return Recipe(
        quick_gelu=known["quick_gelu"] if has_choice else None,
        mean=known["mean"],
        std=known["std"],
        interpolation=known.get("interpolation"),
        resize_mode=known.get("resize_mode"),
        told={entry: how for entry, how in told.items() if entry != "quick_gelu" or has_choice},
        notes=(*notes, *_preparation(known)),
    )


def by_user(name: str, settings: WeightSettings, *, has_choice: bool) -> list[Evidence]:
    """Return what the user's settings and the name of the model tell. Raises ``UserError`` if the two contradict."""
    if settings.quick_gelu is not None and not has_choice:
        raise UserError(f"quick_gelu: the towers of {name} have activations of their own, expected no such setting")
    if settings.quick_gelu is False and name.endswith(QUICK):
        raise UserError(f"quick_gelu false: expected model {name.removesuffix(QUICK)}, got {name}")
    given = {"quick_gelu": settings.quick_gelu, "mean": settings.image_mean, "std": settings.image_std}
    says = [("as set", {entry: value for entry, value in given.items() if value is not None})]
    return [*says, ("the model's name", {"quick_gelu": True})] if name.endswith(QUICK) and has_choice else says


def by_config(architecture: Mapping[str, Any], preprocessing: Mapping[str, Any], where: str) -> Says:
    """Return what an ``open_clip_config.json`` tells. Raises ``UserError`` if its numbers are none.

    >>> by_config({"quick_gelu": True}, {"mean": [0.5, 0.5, 0.5]}, "here")
    {'quick_gelu': True, 'mean': (0.5, 0.5, 0.5)}
    """
    says: Says = {"quick_gelu": bool(architecture.get("quick_gelu", False))}
    for entry in NORMALISATION:
        if (value := preprocessing.get(entry)) is None:
            continue
        numbers = isinstance(value, list) and all(isinstance(v, int | float) for v in value)
        if not numbers or len(value) != 3 or (entry == "std" and min(value) <= 0):
            raise UserError(f"{where}: expected {entry} of three numbers, got {value!r}")
        says[entry] = tuple(float(v) for v in value)
    return says | {entry: str(preprocessing[entry]) for entry in RESIZING if preprocessing.get(entry)}


def activation(quick_gelu: bool) -> str:
    """Name an activation."""
    return "QuickGELU" if quick_gelu else "GELU"


def arguments_for(name: str, says: Says, *, unless: Sequence[str] = ()) -> str:
    """Return what a command has to say so that weights of ``says`` are read as they were trained.

    Entries of ``unless`` need not be said.

    >>> arguments_for("ViT-L-14", published("ViT-L-14")["openai"], unless=NORMALISATION)
    '--model ViT-L-14-quickgelu:FILE'
    >>> arguments_for("ViT-L-14", published("ViT-L-14")["laion2b_s32b_b82k"], unless=("std", "quick_gelu"))
    '--model ViT-L-14:FILE --set image_mean=[0.5,0.5,0.5]'
    """
    parts = [f"--model {name}:FILE"]
    if (
        "quick_gelu" not in unless
        and says["quick_gelu"]
        and name.removesuffix(QUICK) + QUICK in open_clip.list_models()
    ):
        parts = [f"--model {name.removesuffix(QUICK)}{QUICK}:FILE"]
    elif "quick_gelu" not in unless:
        parts = [f"--model {name.removesuffix(QUICK)}:FILE", f"--set quick_gelu={str(says['quick_gelu']).lower()}"]
    for entry in NORMALISATION:
        if entry not in unless:
            parts.append(f"--set image_{entry}=[{','.join(f'{value:.10g}' for value in says[entry])}]")
    return " ".join(parts)


def _refusal(name: str, where: str, known: Says, alike: Mapping[str, Says]) -> str:
    """Name the choices that the published weights leave."""
    open_ones = [entry for entry in DECISIVE if len({says[entry] for says in alike.values()}) > 1]
    choices: dict[tuple[Any, ...], list[str]] = {}
    for tag, says in alike.items():
        choices.setdefault(tuple(says[entry] for entry in DECISIVE), []).append(tag)
    said = []
    for values, tags in choices.items():
        says = dict(zip(DECISIVE, values, strict=True))
        same = [other for other in alike.values() if other["quick_gelu"] == says["quick_gelu"]]
        given = [e for e in DECISIVE if e in known or e not in open_ones or (
            e in NORMALISATION and len({other[e] for other in same}) == 1)]  # fmt: skip
        more = f" and {len(tags) - 1} more" if len(tags) > 1 else ""
        said.append(
            f"{arguments_for(name, says, unless=given)} for {activation(says['quick_gelu'])}, like {tags[0]}{more}"
        )
    what = "activation" if "quick_gelu" in open_ones and "quick_gelu" not in known else "mean and std of pixels"
    return (
        f"{where or name}: nothing tells the {what} that these weights were trained with, and the published ones of "
        f"{name.removesuffix(QUICK)} differ: take {'; or '.join(said)}; or put their open_clip_config.json beside them"
    )


def _defaults(name: str) -> Says:
    architecture = open_clip.get_model_config(name) or {}
    return {
        "quick_gelu": bool(architecture.get("quick_gelu", False)),
        "mean": tuple(OPENAI_DATASET_MEAN),
        "std": tuple(OPENAI_DATASET_STD),
    }


def _preparation(known: Says) -> list[str]:
    """Say how images are prepared here otherwise than the weights were trained with."""
    notes = []
    if known.get("resize_mode", PREPARED["resize_mode"]) != PREPARED["resize_mode"]:
        notes.append(
            f"trained on images resized by '{known['resize_mode']}', here the shorter side is resized and the centre "
            "cropped: the same for square images"
        )
    if known.get("interpolation", PREPARED["interpolation"]) != PREPARED["interpolation"]:
        notes.append(f"trained on images of {known['interpolation']} interpolation, here it is bicubic")
    return notes


def _shown(entry: str, value: Any) -> str:
    return activation(value) if entry == "quick_gelu" else f"{entry} {' '.join(f'{v:.4g}' for v in value)}"
