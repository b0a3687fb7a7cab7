"""Valid examples, damaged."""

from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

HOSTILE_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, 5e-324)
HOSTILE_TEXTS = (
    "", " ", "../../x", "/etc/passwd", "a/b", "a\\b", "CON", ".", "..", "~", "\x00", "a\x00b", "\x1b[31m", "\u202e",
    "\ud800", "\ufeff", "=1+1", "-1", "@x", "'", '"', "<script>alert(1)</script>", "%s%n", "{}", "{0.__class__}",
    "[red]", "null", "nan", "inf", "1e999", "x" * 300, "é" * 200, "9" * 5000, "\n", "a\nb",
)  # fmt: skip


def numbers() -> st.SearchStrategy[int | float]:
    return st.sampled_from(HOSTILE_NUMBERS) | st.integers(-3, 300) | st.floats()


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(HOSTILE_TEXTS) | st.text(max_size=20)


def values(*more: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """JSON values, hostile ones among them."""
    leaves = st.one_of(st.none(), st.booleans(), numbers(), texts(), *more)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4),
        max_leaves=8,
    )


def randoms() -> st.SearchStrategy[Random]:
    """Seeded generators, for inputs of very many choices, each of which costs hypothesis a hundred times as much."""
    return st.randoms(use_true_random=True)


def damaged(examples: Sequence[bytes], most: int = 6) -> st.SearchStrategy[bytes]:
    """One of the examples with bytes flipped, taken out, doubled, or taken from another."""
    return randoms().map(lambda random: _damaged(random, examples, most))


def _damaged(random: Random, examples: Sequence[bytes], most: int) -> bytes:
    data = bytearray(random.choice(examples))
    for _ in range(random.randint(0, most)):
        DAMAGES[random.choice(list(DAMAGES))](random, data, random.randint(0, max(len(data) - 1, 0)), examples)
    return bytes(data)


def _size(random: Random) -> int:
    return random.choice((1, 1, 2, 4, 8, 64, 1024))


def _flip(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    data[at : at + 1] = bytes(byte ^ 1 << random.randint(0, 7) for byte in data[at : at + 1])


def _set(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    size = _size(random)
    data[at : at + size] = random.choice((b"\x00", b"\xff", b"\x7f")) * size


def _cut(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    del data[at : at + _size(random)]


def _double(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    data[at:at] = data[at : at + _size(random)] * random.choice((1, 2, 50))


def _insert(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    text = random.choice(HOSTILE_TEXTS).encode("utf-8", "surrogatepass")
    data[at:at] = random.choice((text, random.randbytes(random.randint(1, 8))))


def _splice(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    other, size = random.choice(examples), _size(random)
    start = random.randint(0, max(len(other) - 1, 0))
    data[at : at + size] = other[start : start + size]


def _truncate(random: Random, data: bytearray, at: int, examples: Sequence[bytes]) -> None:
    del data[at:]


DAMAGES = {
    "flip": _flip, "set": _set, "cut": _cut, "double": _double, "insert": _insert, "splice": _splice,
    "truncate": _truncate,
}  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, examples: Sequence[object], most: int = 4) -> object:
    """One of the examples of JSON values with some of its parts replaced, taken out, renamed or doubled."""
    whole = [_copy(draw(st.sampled_from(examples)))]
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(whole))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        kind = draw(st.sampled_from(("replace", "replace", "number", "text", "drop", "rename", "double", "nest")))
        if kind == "replace":
            holder[key] = draw(values())
        elif kind in ("number", "text"):
            holder[key] = draw(numbers() if kind == "number" else texts())
        elif kind == "drop" and holder is not whole:
            del holder[key]
        elif kind == "rename" and isinstance(holder, dict):
            holder[draw(texts())] = holder.pop(key)
        elif kind == "double" and isinstance(holder, list) and holder is not whole:
            holder.insert(key, _copy(holder[key]))
        elif kind == "nest":
            for _ in range(draw(st.sampled_from((1, 3, 30)))):
                holder[key] = [holder[key]]
    return whole[0]


def _places(value: object):  # type: ignore[no-untyped-def]
    inside = list(value.items()) if isinstance(value, dict) else list(enumerate(value))  # type: ignore[call-overload]
    for key, inner in inside:
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
