"""Where a model's weights come from and how they were trained, as a study says and records it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gap.errors import UserError
from gap.models.architecture import CONFIG, belongs, chooses_activation, first_difference, read_config
from gap.models.file_digest import check_sha256, sha256_of
from gap.models.recipe import PREPARED, Evidence, Recipe, by_config, by_user, decide
from gap.models.tags import Says, published, tag_of_file
from gap.models.weight_settings import WeightSettings


@dataclass(frozen=True)
class Origin:
    """A tag or a file of weights, the file's sha256, how it was trained; ``notes`` say what was done on reading it.

    Weights that come with this package have no ``recipe``: nothing about them is decided.
    """

    weights: str | None = None
    file: str | None = None
    sha256: str | None = None
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()

    def line(self) -> str | None:
        """Say in a line what was decided about the weights and from what; None for those of this package."""
        if self.recipe is None:
            return None
        said = "; ".join([self.recipe.line(), *self.recipe.notes, *self.notes])
        return f"weights {self.file or self.weights}: {said}"

    def described(self) -> dict[str, Any]:
        """Return the same for ``study.json``."""
        recipe = self.recipe
        if recipe is None:
            return {}
        return {
            "weights": self.weights,
            "file": self.file,
            "sha256": self.sha256,
            "read_as": recipe.line(),
            "activation": None if recipe.quick_gelu is None else "QuickGELU" if recipe.quick_gelu else "GELU",
            "mean": list(recipe.mean),
            "std": list(recipe.std),
            "interpolation": recipe.interpolation,
            "resize_mode": recipe.resize_mode,
            "told_by": dict(recipe.told),
            "notes": [*recipe.notes, *self.notes],
        }


def recipe_of_file(
    name: str, architecture: dict[str, Any], file: Path, settings: WeightSettings, *, own: Evidence | None = None
) -> Recipe:
    """Find out how the weights of a file were trained, for an architecture of open_clip's or of ours.

    ``own`` is what an architecture of ours tells when nothing else does. Raises ``UserError`` where nothing tells, the
    configuration beside the file is of another architecture, or the file has another digest than it must have.
    """
    check_sha256(file, settings.weights_sha256)
    has_choice, notes = chooses_activation(architecture), []
    evidence = by_user(name, settings, has_choice=has_choice)
    if (config := file.parent / CONFIG).is_file():
        if belongs(file):
            evidence.append((f"{CONFIG} beside it", _beside(name, architecture, file, config)))
        else:
            notes.append(f"{config} is taken to be about another file")
    if found := tag_of_file(name, file, sha256_of(file)):
        tag, how = found
        evidence.append((f"tag {tag} by {how}", published(name)[tag]))
    recipe = decide(name, evidence, has_choice=has_choice, otherwise=own, where=f"checkpoint {file}")
    return Recipe(**{**vars(recipe), "notes": (*notes, *recipe.notes)})


def _beside(name: str, architecture: dict[str, Any], file: Path, config: Path) -> dict[str, Any]:
    described = read_config(config)
    if difference := first_difference(architecture, described.architecture):
        key, wanted, got = difference
        raise UserError(
            f"{config} describes another architecture than {name}: {key} is {got!r} there, {wanted!r} in {name}; take "
            f"--model local-dir:{file.parent} for what it describes"
        )
    return by_config(described.architecture, described.preprocessing, str(config))


def origin_of_own(
    name: str, architecture: dict[str, Any], pretrained: str | None, settings: WeightSettings, *, preprocessing: Says
) -> Origin:
    """Say how the weights of a model of ours are read: its own, or those of a checkpoint file in their place.

    ``preprocessing`` holds its own ``mean`` and ``std``. Raises ``UserError`` as :func:`recipe_of_file` does.
    """
    own: Evidence = (f"{name}'s own", {"quick_gelu": bool(architecture.get("quick_gelu")), **PREPARED, **preprocessing})
    if pretrained is not None:
        file = Path(pretrained).expanduser()
        if not file.is_file():
            raise UserError(f"checkpoint {file}: no such file")
        recipe = recipe_of_file(name, architecture, file, settings, own=own)
        return Origin(f"{name}:{pretrained}", str(file), sha256_of(file), recipe)
    if settings.weights_sha256 is not None:
        raise UserError(f"weights_sha256: expected a file of weights beside it, got {name}'s own")
    has_choice = chooses_activation(architecture)
    evidence = by_user(name, settings, has_choice=has_choice)
    if not evidence[0][1]:
        return Origin()
    return Origin(name, recipe=decide(name, evidence, has_choice=has_choice, otherwise=own))


def with_activation(architecture: dict[str, Any], quick_gelu: bool | None) -> dict[str, Any]:
    """Return an architecture with the activation that was decided; as it is where there is nothing to decide.

    >>> with_activation({"embed_dim": 8}, True), with_activation({"embed_dim": 8}, False)
    ({'embed_dim': 8, 'quick_gelu': True}, {'embed_dim': 8})
    """
    if quick_gelu is None or quick_gelu == bool(architecture.get("quick_gelu", False)):
        return architecture
    return {**architecture, "quick_gelu": quick_gelu}
