"""Loss terms as they enter the total."""

from collections.abc import Mapping

TERM = "term_"


def weighted_terms(values: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Give ``weighted_<term>``, weight times value, for every ``term_<term>``; a term without a weight has 1.

    >>> weighted_terms({"term_ce": 2.0, "term_variance": 3.0, "loss": 3.5}, {"variance": 0.5})
    {'weighted_ce': 2.0, 'weighted_variance': 1.5}
    """
    terms = {name.removeprefix(TERM): value for name, value in values.items() if name.startswith(TERM)}
    return {f"weighted_{term}": weights.get(term, 1.0) * value for term, value in terms.items()}
