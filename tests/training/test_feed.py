import threading
import time
from collections.abc import Iterator

import pytest

from gap.training.feed import Feed


def feeding() -> bool:
    return any(thread.name == "feed" for thread in threading.enumerate())


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_items_come_in_order_and_end(n: int) -> None:
    with Feed(range(n), depth=2) as feed:
        assert list(feed) == list(range(n))
        assert list(feed) == []  # the end stays the end
    assert not feeding()


def test_items_are_made_ahead_but_not_too_many() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with Feed(items(), depth=2) as feed:
        assert next(feed) == 0
        for _ in range(200):
            if len(made) == 4:
                break
            time.sleep(0.01)
        time.sleep(0.05)
        assert len(made) == 4  # one taken, two ready, one in hand
    assert not feeding()


def test_an_error_is_raised_where_its_item_is_due() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with Feed(items()) as feed:
        assert next(feed) == 1
        with pytest.raises(OSError, match="the disk is gone"):
            next(feed)
    assert not feeding()


def test_leaving_early_ends_the_thread_and_keeps_the_error() -> None:
    def read() -> None:
        with Feed(range(100)) as feed:
            next(feed)
            raise KeyError("reader")

    with pytest.raises(KeyError):
        read()
    assert not feeding()


def test_waiting_is_measured() -> None:
    def slow() -> Iterator[int]:
        time.sleep(0.2)
        yield 1

    with Feed(slow()) as feed:
        next(feed)
        assert feed.waited >= 0.15
