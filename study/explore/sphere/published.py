"""The thesis's printed figures that belong over a curve."""

import csv

from gap.geometry.tables import PUBLISHED, TABLES
from study.explore.sphere.measures import TOTAL

# A table varies the concentration or the angle. Its CyCLIP column follows from these terms: see gap.geometry.tables.
VARIABLES = {"5_1": "kappa", "5_2": "theta", "5_3": "theta", "5_4": "kappa"}
COLUMN_OF_VARIABLE = {"kappa": "kappa", "theta": "theta_deg"}
CYCLIP = ("ce", "cyclip_inter", "cyclip_intra")


def printed(table: str, column: str) -> tuple[list[float], list[float]]:
    """Give where a table prints a column's figures, and the figures.

    >>> printed("5_2", "modality_gap")
    ([0.0, 45.0, 90.0, 180.0], [0.0, 0.77, 1.4, 1.98])
    """
    with (PUBLISHED / f"table_{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    places = [float(row[COLUMN_OF_VARIABLE[VARIABLES[table]]]) for row in rows]
    return places, [float(row[column]) for row in rows]


def tables_with(quantity: str, variable: str, weighted: set[str]) -> list[tuple[str, str]]:
    """List the tables, and their columns, that print a quantity against a variable.

    A total has the column of CyCLIP if the terms that have a weight are those that it follows from.

    >>> tables_with("variance", "kappa", set())
    [('5_4', 'variance')]
    """
    column = "cyclip" if quantity == TOTAL and weighted == set(CYCLIP) else quantity
    found = []
    for table in [name for name, varied in VARIABLES.items() if varied == variable]:
        with (PUBLISHED / f"table_{table}.csv").open(encoding="utf-8", newline="") as file:
            if column in next(csv.reader(file))[1:]:
                found.append((table, column))
    return found


def describe(table: str) -> str:
    """Say what a table holds fixed.

    >>> describe("5_3")
    'table 5.3: n = 50, κ = 500'
    """
    setting = TABLES[table]
    fixed = f"κ = {setting.kappa:g}" if setting.theta is None else f"θ = {setting.theta:g}°"
    return f"table {table.replace('_', '.')}: n = {setting.n}, {fixed}"
