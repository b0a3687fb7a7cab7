import math
import sys
from pathlib import Path

import pytest

from gap.geometry.volumes import log_ball_volume, log_cube_volume, log_ratio, main


@pytest.mark.parametrize(("d", "volume"), [(1, 2 * 3.0), (2, math.pi * 9), (3, 4 / 3 * math.pi * 27)])
def test_known_volumes(d: int, volume: float) -> None:
    assert math.exp(log_ball_volume(d, 3.0)) == pytest.approx(volume)
    assert math.exp(log_cube_volume(d, 3.0)) == pytest.approx(6**d)


def test_the_ratio_has_the_form_of_the_thesis_and_grows() -> None:
    for d in (2, 5, 50):
        printed = d * 2 ** (d - 1) * math.gamma(d / 2) / math.pi ** (d / 2)  # equation E.3
        assert math.exp(log_ratio(d)) == pytest.approx(printed)
    ratios = [log_ratio(d) for d in range(1, 769)]
    assert ratios == sorted(ratios)
    assert ratios[0] == pytest.approx(0, abs=1e-12)
    assert math.isfinite(ratios[-1])


def test_what_has_no_volume_is_refused() -> None:
    for d, radius in ((0, 1.0), (3, 0.0), (3, math.nan)):
        with pytest.raises(ValueError, match="expected d of at least 1"):
            log_ball_volume(d, radius)


def test_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["volumes", str(tmp_path / "v.png")])
    assert main() == 0
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
