"""Which trials of a front are shown in detail."""

from collections.abc import Sequence

SHOWN = 6  # with maps, dimensions and searches: each adds up to half a megabyte to the page
COUNTED = 40  # with histograms of cosines: each adds about 25 kB


def spread(front: Sequence[str], best: str | None, count: int) -> list[str]:
    """Choose up to ``count`` trials of a front: its knee ``best`` first, its ends and others evenly between them.

    >>> spread([f"t{number}" for number in range(9)], "t3", 4)
    ['t3', 't0', 't5', 't8']
    """
    places = {round(step * (len(front) - 1) / (count - 1)) for step in range(count)}
    if len(front) <= count:
        places = set(range(len(front)))
    elif best is not None and (place := front.index(best)) not in places:
        inner = sorted(places - {0, len(front) - 1}, key=lambda other: abs(other - place))
        places = places - set(inner[:1]) | {place}
    chosen = [front[place] for place in sorted(places)]
    # The knee is what a reader sees before choosing.
    return sorted(chosen, key=lambda trial: trial != best)
