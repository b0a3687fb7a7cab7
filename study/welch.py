"""Two groups of runs compared without supposing that both scatter alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Numbers = Sequence[float] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A difference of two means, its standard error and its degrees of freedom; NaN where it cannot be judged."""

    value: float
    error: float
    freedom: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the confidence interval value ± t·error."""
        half = float(stats.t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.value - half, self.value + half

    @property
    def p_value(self) -> float:
        """How often a difference at least as large would come about were there none (two-sided)."""
        if self.error == 0:
            return float(self.value == 0)
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom))


def welch(first: Numbers, second: Numbers) -> Difference:
    """Compare mean(first) with mean(second).

    error² = v₁ + v₂ with vᵢ = sᵢ²/nᵢ, freedom = error⁴ / (v₁²/(n₁ − 1) + v₂²/(n₂ − 1)). All three are NaN where a
    group has less than two values. Source: Welch 1947, "The generalization of 'Student's' problem when several
    different population variances are involved".

    >>> one = welch([1.0, 3.0], [4.0, 4.0])
    >>> one
    Difference(value=-2.0, error=1.0, freedom=1.0)
    >>> round(one.p_value, 4), [round(end, 2) for end in one.interval()]
    (0.2952, [-14.71, 10.71])
    """
    if min(len(first), len(second)) < 2:
        return Difference(float("nan"), float("nan"), float("nan"))
    # From a common origin, equal values are zeros: rounding in a mean then makes no difference of its own.
    a, b = (np.asarray(group, dtype=np.float64) - first[0] for group in (first, second))
    one, other = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    both = one + other
    value = float(a.mean() - b.mean())
    if both == 0:
        return Difference(value, 0.0, float("inf"))
    # As shares of the whole, whose squares do not underflow together.
    freedom = 1 / ((one / both) ** 2 / (len(a) - 1) + (other / both) ** 2 / (len(b) - 1))
    return Difference(value, float(np.sqrt(both)), freedom)
