from test_surrogate import SETTINGS, frozen

from benchmarks.surrogate import train
from benchmarks.twins import MEASURES, compare


def test_without_repeats_other_batches_of_the_same_pairs() -> None:
    data = frozen()
    ways = [
        list(train(data, SETTINGS.model_copy(update={"unique_captions": unique}), seed=0)) for unique in (False, True)
    ]
    assert ways[0] != ways[1]
    assert len(ways[0]) == len(ways[1]) == 3


def test_a_line_a_measure() -> None:
    data = frozen()
    data.captions[:20] = data.captions[0]
    lines = compare(data, SETTINGS, seeds=2)
    assert [line.partition(":")[0] for line in lines] == list(MEASURES)
    assert all(line.endswith("paired over 2 seeds") for line in lines)
