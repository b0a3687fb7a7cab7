"""The reference study's tables 5.5-5.7, as printed.

Source: A. C. Lazar Crisan, *Análisis del desajuste en las representaciones latentes multimodales con redes neuronales
profundas*, Universidad de Zaragoza, 2024. One run a row: CLIP ViT-L/14 with DoRA, 10 epochs, batches of 90, learning
rate 1e-5; recall in per cent in pools of 90 pairs. Columns have the names that studies give them.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gap.errors import UserError

# The thesis's names of rows, and what a study's `terms` say; the model before training has no terms.
BEFORE = "initial"
ROWS: dict[str, str | None] = {
    BEFORE: None,
    "ce": "ce",
    "ce+intra": "ce+orthogonal_intra",
    "ce+intra+inter": "ce+orthogonal_intra+orthogonal_inter",
    "ce+variance": "ce+variance",
    "ce+antipodal_intra": "ce+antipodal_intra",
    "ce+antipodal_intra+variance": "ce+antipodal_intra+variance",
}
TABLES = {("mscoco", "en"): "5.5", ("arasaac", "en"): "5.6", ("arasaac", "es"): "5.7"}


@dataclass(frozen=True)
class PublishedTable:
    """A table of the thesis: its number, and its values by row and metric."""

    number: str
    values: pd.DataFrame

    def value(self, row: str, metric: str) -> float:
        """Give one printed value."""
        return float(self.values[metric].astype(float)[row])


def published_table(dataset: str, language: str) -> PublishedTable:
    """Read the thesis's table about a dataset in a language. Raises ``UserError`` if there is none.

    >>> table = published_table("arasaac", "es")
    >>> table.number, float(table.values.loc["ce+variance", "recall_at_1"])
    ('5.7', 58.4)
    """
    if (dataset, language) not in TABLES:
        known = ", ".join(f"{name} in {tongue}" for name, tongue in TABLES)
        raise UserError(f"no table of the thesis is about {dataset} in {language}; there are tables about {known}")
    number = TABLES[dataset, language]
    path = Path(__file__).with_name(f"table_{number.replace('.', '_')}.csv")
    return PublishedTable(number, pd.read_csv(path, index_col="row"))
