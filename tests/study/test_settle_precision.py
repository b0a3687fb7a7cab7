from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from small_data import write_small_data

import study.precision
from gap.training.config import TrialConfig
from gap.training.precision import Choice
from study.precision import settle_precision
from study.space import StudySpec


@pytest.mark.parametrize("chosen", ["fp32", "bf16"])
def test_auto_becomes_a_precision_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    asked: list[TrialConfig] = []
    monkeypatch.setattr(
        study.precision, "choose_precision", lambda config: asked.append(config) or Choice(chosen, "it is faster")
    )
    spec = StudySpec(dataset="pictograms", model="tiny", precision="auto", rank=3)
    written = StringIO()
    settled = settle_precision(
        spec, data=write_small_data(tmp_path / "data"), device="cpu", console=Console(file=written, width=80)
    )
    assert settled.precision == chosen
    assert asked[0].rank == 3
    assert written.getvalue() == f"precision auto: {chosen} (it is faster)\n"


def test_a_precision_that_is_named_stays(tmp_path: Path) -> None:
    spec = StudySpec(dataset="pictograms", model="tiny", precision="bf16")
    assert settle_precision(spec, data=tmp_path, device="cpu", console=Console()) is spec
