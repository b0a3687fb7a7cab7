"""No code of ours reads a file by a call that may run what the file says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UNPICKLERS = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve")
FORBIDDEN = {
    *(f"{module}.{name}" for module in UNPICKLERS for name in ("load", "loads", "open", "Unpickler")),
    *(f"yaml.{name}" for name in ("load", "load_all", "full_load", "unsafe_load")),
    *(f"yaml.{name}" for name in ("Loader", "FullLoader", "UnsafeLoader")),
    "eval", "exec", "os.system", "os.popen", "pandas.read_pickle", "pd.read_pickle", "torch.jit.load", "torch.hub.load",
    "torch.package.PackageImporter", "shutil.unpack_archive", "tarfile.TarFile.extractall",
}  # fmt: skip
MARKED_SAFE = {"markupsafe.Markup", "Markup"}
# Where text goes into a page as it is: the page's own style and script, and JSON that is escaped for its place.
MARKUP_IN = {"study/reporting/page.py"}


def findings(source: str, file: str = "") -> Iterator[str]:
    """Name the forbidden calls of a source text."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    } | {
        alias.asname: alias.name
        for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names if alias.asname
    }  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Call, ast.Attribute)):
            continue
        head, dot, rest = ast.unparse(node.func if isinstance(node, ast.Call) else node).partition(".")
        called, where = names.get(head, head) + dot + rest, f"{file}:{node.lineno}: "
        given = {word.arg: ast.unparse(word.value) for word in node.keywords} if isinstance(node, ast.Call) else {}
        if called in FORBIDDEN:
            yield where + called
        if isinstance(node, ast.Call) and called == "torch.load" and given.get("weights_only") != "True":
            yield where + "torch.load without weights_only=True"
        if given.get("shell", "False") != "False" or given.get("allow_pickle", "False") != "False":
            yield where + f"{called} with a shell or with pickles"
        if given.get("trust_remote_code", "False") != "False":
            yield where + f"{called} with code from a hub"
        if called.endswith("Environment") and isinstance(node, ast.Call) and given.get("autoescape") != "True":
            yield where + f"{called} without autoescape=True"
        if called in MARKED_SAFE and file not in MARKUP_IN:
            yield where + "text marked as HTML"


def sources() -> list[Path]:
    return sorted(path for name in ("gap", "study", "benchmarks") for path in (ROOT / name).rglob("*.py"))


def test_our_code_makes_none() -> None:
    found = [
        finding
        for path in sources()
        for finding in findings(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert len(sources()) > 200
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "from torch import load as read\nread('x')",
        "import pickle\npickle.load(file)",
        "import pickle as p\np.loads(b'')",
        "from pickle import Unpickler\nUnpickler(file).load()",
        "from ray import cloudpickle as pickle\nimport cloudpickle\ncloudpickle.loads(b'')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import yaml\nyaml.load(text, yaml.SafeLoader)",
        "import yaml\nyaml.compose(text, Loader=yaml.UnsafeLoader)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "eval('1')",
        "exec('1')",
        "import os\nos.system('ls')",
        "import jinja2\njinja2.Environment()",
        "from markupsafe import Markup\nMarkup(caption)",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
    ],
)
def test_each_is_found(source: str) -> None:
    assert list(findings(source))


def test_what_is_safe_is_not_found() -> None:
    source = (
        "import torch, numpy as np, yaml, pickle\nmodel.eval()\ntorch.load('x', weights_only=True)\n"
        "np.load('x')\nyaml.safe_load(text)\npickle.UnpicklingError\n"
    )
    assert list(findings(source)) == []
