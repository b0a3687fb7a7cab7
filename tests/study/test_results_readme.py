"""Every column that a study writes is explained."""

import re
from pathlib import Path

from gap.classification import METHODS
from gap.losses import TERMS
from gap.metrics import METRICS, VERSION
from study.fewshot import COLUMNS as FEW_SHOT
from study.fewshot_data import DATASETS
from study.growth import COLUMNS as GROWTH
from study.results import COMMON, COSTS
from study.space_file import SPACES, load_space
from study.tables import TRAINING_VALUES, parameters
from study.trainable import trial_parameters

TEXT = (Path(__file__).resolve().parents[2] / "results" / "README.md").read_text(encoding="utf-8")


def documented() -> set[str]:
    names = set(re.findall(r"`([a-z0-9_<>]+)`", TEXT))
    ks = {name.replace("_at_k", f"_at_{k}") for name in names for k in (1, 5, 10)}
    terms = {name.replace(f"<{word}>", term) for name in names for word in ("name", "term") for term in TERMS}
    protocols, directions = ("", "full_", "fold_"), ("", "_t2i", "_i2t")
    measures = names & {"median_rank", "mrr"}
    ranks = {f"{p}{measure}{d}" for measure in measures for p in protocols for d in directions}
    return names | ks | terms | ranks


def test_every_column_is_explained() -> None:
    for path in SPACES.glob("*.yaml"):
        spec = load_space(path, rehearsal=True)
        fixed = trial_parameters(spec, data=Path("data"), device="cpu")
        terms = [f"term_{term}" for term in spec.all_terms]
        columns = [*COMMON, *METRICS, *TRAINING_VALUES, *terms, *parameters(spec, fixed), *COSTS]
        assert {*columns, *GROWTH, "last_epoch", "best_epoch", "note", "error", "replicate_of"} - documented() == set()
        assert len(set(columns)) == len(columns)


def test_the_version_of_the_metrics_is_explained() -> None:
    section = TEXT.partition("| version | what changed |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\d+) \|", section, flags=re.MULTILINE)[-1] == VERSION


def test_every_column_and_method_of_few_shot_classification_is_explained() -> None:
    section = TEXT.partition("## `fewshot.csv`")[2].partition("\n## ")[0]
    assert {*FEW_SHOT, *METHODS, *DATASETS} - set(re.findall(r"`([a-z0-9_]+)`", section)) == set()
