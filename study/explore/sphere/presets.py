"""Settings in one go: the thesis's tables, and losses to descend."""

from collections.abc import Mapping

from gap.geometry.tables import TABLES
from gap.losses import TERMS
from study.explore.sphere.controls import SLIDERS
from study.explore.sphere.measures import TOTAL
from study.explore.sphere.published import CYCLIP

# Table and column, by what a list shows.
TABLE_COLUMNS: dict[str, tuple[str, str]] = {
    "5.1 uniformity": ("5_1", "uniformity"),
    "5.2 gap": ("5_2", "modality_gap"),
    "5.3 orthogonal_intra": ("5_3", "orthogonal_intra"),
    "5.3 orthogonal_inter": ("5_3", "orthogonal_inter"),
    "5.3 CyCLIP": ("5_3", TOTAL),
    "5.3 variance": ("5_3", "variance"),
    "5.4 orthogonal_intra": ("5_4", "orthogonal_intra"),
    "5.4 orthogonal_inter": ("5_4", "orthogonal_inter"),
    "5.4 CyCLIP": ("5_4", TOTAL),
    "5.4 variance": ("5_4", "variance"),
}


def table_settings(table: str) -> dict[str, int]:
    """Give the places of the sliders under which a table was made.

    What a table varies is left where its first sliders are: θ = 60°, κ = 50. α is 0, since the tables leave the
    diagonal out; β and the scale are 1; texts are independent of images.

    >>> SLIDERS["samples"].values[table_settings("5_4")["samples"]]
    500
    """
    setting = TABLES[table]
    kappa = SLIDERS["kappa-image"].start if setting.kappa is None else setting.kappa
    values = {
        "samples": setting.n,
        "dimension": 3,
        "theta": SLIDERS["theta"].start if setting.theta is None else setting.theta,
        "kappa-image": kappa,
        "kappa-text": kappa,
        "pairs": 0,
        "alpha": 0,
        "beta": 1,
        "scale": 1,
    }
    return {name: SLIDERS[name].place(value) for name, value in values.items()}


def table_weights(table: str) -> dict[str, float]:
    """Give the weights whose total is the table's CyCLIP column: cross-entropy plus both terms divided by n².

    >>> table_weights("5_3")
    {'ce': 1.0, 'cyclip_inter': 0.02, 'cyclip_intra': 0.02}
    """
    return {name: 1.0 if name == "ce" else 1 / TABLES[table].n for name in CYCLIP}


def losses() -> Mapping[str, tuple[str, ...]]:
    """Give the losses that a list offers, by what it shows: every term alone, and beside cross-entropy."""
    alone = {f"{name} alone": (name,) for name in TERMS}
    return {**alone, **{f"ce + {name}": ("ce", name) for name in TERMS if name not in ("ce", "siglip")}}
