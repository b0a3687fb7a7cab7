import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from small_data import write_small_data

from benchmarks.__main__ import SECTIONS, main, parse_arguments
from benchmarks.data_growth import Cost
from benchmarks.metrics import gram_cka, pairs
from benchmarks.rows import Row
from benchmarks.sections.growth import growth_rows
from benchmarks.sections.memory import memory
from benchmarks.sections.metrics import metrics, pdist_potential, sorted_ranks
from benchmarks.sections.prefix import SHOWN, prefix_rows
from benchmarks.sections.steps import steps
from benchmarks.sections.study import bookkeeping
from gap.data import open_dataset
from gap.metrics import linear_cka, retrieval, uniformity

# Every section, made small: what is measured is the same, but for growth, whose sizes are made up.
SMALL: dict[str, Callable[[], list[Row]]] = {
    "steps": partial(steps, (("tiny", 4),), 2),
    "memory": partial(memory, {40: 2, 64: 1}),
    "metrics": partial(metrics, (200, 300), 400, queries=50, rounds=2, peer_rows=100),
    "study": partial(bookkeeping, (3, 5), measured=2),
    "growth": lambda: growth_rows([Cost(n, 1, n**1.02, 3.0, 0.2, None) for n in (10, 100, 1000)]),
}


@pytest.fixture(autouse=True)
def small_sections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, make in SMALL.items():
        monkeypatch.setitem(SECTIONS, name, make)
    squares = partial(open_dataset, write_small_data(tmp_path / "squares"))
    few = {"model": "tiny", "rounds": 2, "batch_size": 8, "test_images": 8}
    monkeypatch.setitem(SECTIONS, "prefix", lambda: prefix_rows(squares(), SHOWN, **few))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_gives_rows_whose_spread_holds_the_ratio(
    section: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([section, "--json", str(tmp_path / "rows.json")])
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert rows
    for row in rows:
        assert list(row) == ["name", "peer", "ratio", "low", "high"]
        assert row["low"] <= row["ratio"] <= row["high"]
    shown = capsys.readouterr().out
    assert all(row["name"].split(",")[0] in shown for row in rows)


def test_a_chunk_takes_less_memory_than_the_whole_batch() -> None:
    (row,) = memory({256: 1})
    assert row.ratio < 0.7


def test_all_sections_are_explained_and_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    help_text = capsys.readouterr().out
    assert all(f"  {name} " in help_text for name in SECTIONS)
    assert parse_arguments([]).sections == []
    with pytest.raises(SystemExit):
        parse_arguments(["step"])
    assert "expected sections among steps, memory" in capsys.readouterr().err


def test_peers_of_metrics_give_the_same_numbers() -> None:
    x, y, index = pairs(200, 1, 8)
    ranks = sorted_ranks(y @ x.T)
    scores = retrieval(x, y, image_of_text=index, caption_ids=index)
    assert scores["full_recall_at_5_t2i"] == pytest.approx(100 * float((ranks <= 5).double().mean()))
    assert float(pdist_potential(x) + pdist_potential(y)) / 2 == pytest.approx(uniformity(x, y).item(), abs=1e-4)
    assert gram_cka(x, y).item() == pytest.approx(linear_cka(x, y).item(), abs=1e-5)
