"""Figures of embeddings: cosines, dimensions, the map."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from gap.metrics import modality_gap
from gap.metrics.histograms import cosine_histograms
from study.figures.dimensions import draw_dimensions, gap_by_dimension
from study.figures.embedding_map import draw_embedding_map, principal_plane
from study.figures.histograms import KINDS, counts_at, draw_histograms


def clouds(n: int, d: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    apart = torch.zeros(d)
    apart[2] = 2.0
    images, texts = (torch.randn(n, d, generator=generator) + side for side in (apart, -apart))
    return normalize(images, dim=1), normalize(texts, dim=1)


def counts(n: int, seed: int = 0) -> dict[str, list[int]]:
    images, texts = clouds(n, seed=seed)
    return {kind: count.tolist() for kind, count in cosine_histograms(images, texts, torch.arange(n)).items()}


def test_histograms_have_area_one_and_differ_in_dash_and_fill() -> None:
    before, after = counts(120), counts(120, seed=1)
    figure = draw_histograms(before, after)
    assert len(figure.data) == 8
    for trace in figure.data:
        assert np.sum(trace.y) * (trace.x[1] - trace.x[0]) == pytest.approx(1)
        assert (trace.line.dash, trace.fill) == {"before": ("dash", None), "after": ("solid", "tozeroy")}[trace.name]
    texts = figure.data[2]
    assert len(texts.y) == 200  # many cosines: as they were counted
    assert np.array(texts.y) == pytest.approx(np.array(before["text_text"]) / sum(before["text_text"]) / 0.01)
    assert len(figure.data[4].y) == 50  # 120 pairs
    assert len({trace.line.color for trace in figure.data}) == len(KINDS)


def test_kinds_that_are_missing_are_left_out() -> None:
    figure = draw_histograms({"paired": [0] * 200}, {"paired": [1] * 200})
    assert [trace.name for trace in figure.data] == ["after"]
    assert not draw_histograms({}, {}).data
    assert not draw_histograms({"paired": [0] * 200}, {}).data


def test_one_pair_has_no_cosines_within_a_modality() -> None:
    assert {trace.name for trace in draw_histograms(counts(1), counts(1)).data} == {"before", "after"}
    assert len(draw_histograms(counts(1), counts(1)).data) == 2


def test_counts_come_back_from_the_table() -> None:
    whole = counts(50)
    rows = [
        (epoch, kind, round(-1 + 0.01 * (number + 0.5), 3), value)
        for epoch in (0, 1)
        for kind, values in whole.items()
        for number, value in enumerate(values)
        if value
    ]
    table = pd.DataFrame(rows, columns=["epoch", "kind", "cosine", "count"])
    assert counts_at(table, 1) == whole
    assert counts_at(table, 2) == {}
    assert counts_at(table[:0], 0) == {}


def test_dimensions_carry_the_whole_gap() -> None:
    images, texts = clouds(40)
    difference, share = gap_by_dimension(images, texts)
    assert difference.norm().item() == pytest.approx(modality_gap(images, texts).item(), rel=1e-6)
    assert share[-1].item() == pytest.approx(1)
    sizes, shares = draw_dimensions({"before": (images, texts)}).data
    assert list(sizes.y) == sorted(difference.abs().tolist(), reverse=True)
    assert sizes.customdata[0][1] == 2  # the dimension that parts the clouds
    assert list(shares.y) == share.tolist()


def test_before_and_after_differ_in_dash() -> None:
    traces = draw_dimensions({"before": clouds(5), "after": clouds(5, seed=1)}).data
    assert [trace.line.dash for trace in traces] == ["solid", "solid", "dash", "dash"]


def test_dimensions_without_a_gap_or_without_rows() -> None:
    images, _ = clouds(5)
    _, shares = draw_dimensions({"before": (images, images)}).data
    assert all(np.isnan(share) for share in shares.y)
    assert not draw_dimensions({"before": (images[:0], images)}).data
    assert not draw_dimensions({}).data


def test_the_map_is_the_principal_plane_of_both_together() -> None:
    images, texts = clouds(30)
    lines, image_marks, text_marks = draw_embedding_map(images, texts, ["caption"] * 30).data
    points = torch.cat([images, texts]).double()
    centred = points - points.mean(dim=0)
    singular = torch.linalg.svdvals(centred)
    drawn = np.array([[*image_marks.x, *text_marks.x], [*image_marks.y, *text_marks.y]])
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(singular[:2].numpy())
    assert lines.x[:3] == (image_marks.x[0], text_marks.x[0], None)
    assert image_marks.marker.symbol != text_marks.marker.symbol
    _, shares = principal_plane(points)
    assert f"({shares[0]:.0%})" in draw_embedding_map(images, texts, ["c"] * 30).layout.xaxis.title.text


def test_of_many_pairs_a_seeded_sample_is_drawn() -> None:
    images, texts = clouds(50)
    captions = [f"caption {number}" for number in range(50)]
    figures = [draw_embedding_map(images, texts, captions, at_most=10) for _ in range(2)]
    rows = [tuple(figure.data[1].customdata) for figure in figures]
    assert rows[0] == rows[1]
    assert len(set(rows[0])) == 10
    assert figures[0].data[2].hovertext[0] == f"caption {rows[0][0]}"


def test_captions_are_shown_letter_by_letter() -> None:
    figure = draw_embedding_map(*clouds(1), ["<script>alert(1)</script> <b>x</b>"])
    assert figure.data[1].hovertext == ("&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;x&lt;/b&gt;",)


def test_no_pair_and_no_number_are_said() -> None:
    images, texts = clouds(3)
    assert not draw_embedding_map(images[:0], texts[:0], []).data
    assert not draw_embedding_map(images.fill_(float("nan")), texts, ["a", "b", "c"]).data


def test_equal_points_have_no_variance() -> None:
    _, shares = principal_plane(torch.ones(4, 3))
    assert shares.tolist() == [0, 0]
    assert len(draw_embedding_map(torch.ones(1, 3), torch.ones(1, 3), ["a"]).data) == 3
