from pathlib import Path

import pytest

from gap.errors import UserError
from study.space_file import load_space
from study.yaml_file import DEEPEST, LARGEST, parse_yaml, read_yaml

LAUGHS = "a0: &a0 ha\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, ":2: not read: expected values, got the alias [*]a0"),
        ("a: 1\nb: &b [*b]\n", ":2: not read: expected values, got the alias [*]b"),
        ("a:\n  " + "[" * (DEEPEST + 1), f":2: not read: expected at most {DEEPEST} levels"),
        ("[" * 100_000, f":1: not read: expected at most {DEEPEST} levels"),
        ("".join(" " * n + f"a{n}:\n" for n in range(1, 40)), "not read: expected at most 20 levels"),
        ("a: " + "x" * LARGEST, f"expected at most {LARGEST} bytes of YAML"),
        ("a: 1\nb: \x01", ":2: not valid YAML: a character that is not allowed"),
        ("a: !!python/object/apply:os.system [ls]", ":1: not valid YAML: could not determine a constructor"),
        ("a: !!python/name:os.system", "not valid YAML: could not determine a constructor"),
        ("a: 2001-99-99", "not valid YAML: month must be in 1..12"),
        ("a: !!int many", "not valid YAML: invalid literal"),
        ("a: !!bool perhaps", "not valid YAML"),
        ("a: !!timestamp soon", "not valid YAML"),
        ("a: " + "9" * 5000, "not valid YAML: Exceeds the limit"),
        ("? [a]\n: b", ":1: not valid YAML: found unhashable key"),
        ("a: b: c", ":1: not valid YAML: mapping values are not allowed here"),
        ("--- 1\n--- 2", "not valid YAML: but found another document"),
    ],
)
def test_what_is_refused_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    for read in (lambda: parse_yaml(text, str(path)), lambda: read_yaml(path), lambda: load_space(path)):
        with pytest.raises(UserError, match=message) as caught:
            read()
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_depth_and_size_that_are_allowed() -> None:
    deep = parse_yaml("[" * DEEPEST + "]" * DEEPEST, "here")
    assert str(deep).count("[") == DEEPEST
    assert parse_yaml("&anchor [1, &other 2]", "here") == [1, 2]
    assert len(parse_yaml("x" * (LARGEST - 1), "here")) == LARGEST - 1


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    with path.open("wb") as file:
        file.truncate(2**36)
    with pytest.raises(UserError, match="expected at most"):
        read_yaml(path)


def test_what_is_no_text_or_no_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(b"a: \xff")
    with pytest.raises(UserError, match="expected UTF-8 text, got a byte that is not at position 3"):
        read_yaml(tmp_path / "s.yaml")
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)
