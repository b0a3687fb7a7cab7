"""The space loader, with the changes of the command line."""

import json
from pathlib import Path

import yaml
from hypothesis import strategies as st

from fuzz.mutate import changed, damaged, texts, values
from fuzz.outcome import refused
from gap.errors import UserError
from study.overrides import parse_changes
from study.space import StudySpec
from study.space_file import SPACES, load_space

FILES = [path.read_bytes() for path in sorted(SPACES.glob("*.yaml"))]
MAPPINGS = [yaml.safe_load(data) for data in FILES]
KEYS = sorted({*StudySpec.model_fields, "search", "rehearsal"})
LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"

FILE = st.one_of(
    damaged([*FILES, LAUGHS]),
    changed(MAPPINGS).map(lambda value: json.dumps(value).encode()),
    changed(MAPPINGS).map(lambda value: yaml.dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")),
    st.dictionaries(st.sampled_from(KEYS), values(), max_size=6).map(lambda value: json.dumps(value).encode()),
    st.integers(1, 60).flatmap(lambda n: st.sampled_from((b"[" * n, b"{a: " * n, b"- " * n, b"!!set {" * n))),
    st.binary(max_size=60),
)
CHANGE = st.tuples(st.sampled_from(KEYS) | texts(), values().map(json.dumps) | texts()).map("=".join)
INPUTS = st.tuples(FILE, st.lists(CHANGE, max_size=2), st.booleans())
SECONDS = 20


def check(value: tuple[bytes, list[str], bool], scratch: Path) -> str:
    data, changes, rehearsal = value
    path = scratch / "space.yaml"
    path.write_bytes(data)
    try:
        spec = load_space(path, parse_changes(changes), rehearsal=rehearsal)
    except UserError as error:
        return refused(error)
    assert StudySpec.model_validate(json.loads(json.dumps(spec.model_dump(mode="json")))) == spec
    _ = spec.all_terms, spec.conditions
    return "accepted"
