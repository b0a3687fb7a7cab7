import json
import os
import re
import subprocess
import sys
from pathlib import Path

import open_clip
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_disk import on_small_disk
from small_study import write_small_study

from gap.models.load import load_clip
from study.export import main
from study.export_story import tell_story
from study.finished import read_finished
from study.open_trial import load_trial
from study.retrieval.which import choose

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("home"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["export", *map(str, arguments)])
    return main()


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_what_cannot_be_exported(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert "holds no study" in refused(monkeypatch, capsys, tmp_path, "t000", out)
    kept = "Allowed: baseline, knee, t000, t001"
    assert kept in refused(monkeypatch, capsys, study, "t007", out)
    assert "did you mean 'knee'" in refused(monkeypatch, capsys, study, "kne", out)
    assert "expected a new directory" in refused(monkeypatch, capsys, study, "t000", tmp_path)
    assert "expected a place outside" in refused(monkeypatch, capsys, study, "t000", study / "adapters" / "t009")
    assert "leave out t000" in refused(monkeypatch, capsys, study, "t000", out, "--pick", "recall_at_1 >= 0")
    assert "no trial of the front has" in refused(monkeypatch, capsys, study, out, "--pick", "recall_at_1 > 100")
    (tmp_path / "file").touch()
    assert "file is a file" in refused(monkeypatch, capsys, study, "t000", tmp_path / "file" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
    assert not (study / "adapters" / "t009").exists()


def test_a_trial_whose_adapter_was_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"model": "tiny", "pretrained": None, "objectives": {"recall_at_1": "max"}}
    (tmp_path / "study.json").write_text(json.dumps({"spec": spec}))
    trials = pd.DataFrame({"trial_id": ["t000", "t002"], "state": "COMPLETE", "recall_at_1": [1.0, 2.0]})
    trials.to_csv(tmp_path / "trials.csv", index=False)
    out = tmp_path.with_name("out")
    assert "was not kept: expected one of baseline" in refused(monkeypatch, capsys, tmp_path, "t000", out)
    (tmp_path / "adapters" / "t002").mkdir(parents=True)
    assert "expected one of baseline, t002" in refused(monkeypatch, capsys, tmp_path, "t000", out)
    assert "expected a directory with trained.safetensors" in refused(monkeypatch, capsys, tmp_path, "t002", out)


def test_the_knee_is_exported_by_default(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knee = choose(read_finished(study), "knee").trial
    other = next(trial for trial in ("t000", "t001") if trial != knee)
    for name, arguments in {
        "default": [], "knee": ["knee"], "named": [knee], "other": [other], "baseline": ["baseline"],
    }.items():  # fmt: skip
        assert run(monkeypatch, study, *arguments, tmp_path / name) == 0
    assert f"{knee} (the knee of the front: " in capsys.readouterr().out
    weights = {path.name: load_file(path / "open_clip_model.safetensors") for path in tmp_path.iterdir()}
    equal = {
        name: all(torch.equal(t, weights["knee"][key]) for key, t in state.items()) for name, state in weights.items()
    }
    assert equal == {"default": True, "knee": True, "named": True, "other": False, "baseline": False}
    base = load_clip("tiny").model
    assert torch.equal(weights["baseline"]["logit_scale"], base.logit_scale)


def test_a_title_names_no_place_on_this_machine(study: Path) -> None:
    finished = read_finished(study)
    finished.about["spec"]["model"] = "local-dir:/home/me/merged"
    assert tell_story(finished, "t001").title == f"local-dir:merged after trial t001 of {study.name}"


def test_a_condition_picks_as_the_pareto_command_does(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    front = read_finished(study).front
    best = front.loc[front["modality_gap"].idxmin(), "trial_id"]
    assert run(monkeypatch, study, tmp_path / "out", "--pick", "recall_at_1 >= 0") == 0
    assert f", {best} (the front's best with recall_at_1 >= 0: " in capsys.readouterr().out


def test_the_printed_line_loads_what_the_trial_is(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, study, "t001", "it's merged") == 0
    line = capsys.readouterr().out.splitlines()[1].replace("python", sys.executable, 1)
    subprocess.run(line, shell=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    clip, _ = load_trial(study, "t001")
    plain = open_clip.create_model("local-dir:it's merged").eval()
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(plain.encode_image(images), clip.model.encode_image(images), atol=1e-5, rtol=1e-5)
    assert torch.equal(plain.logit_scale, clip.model.logit_scale)


def test_the_page_says_what_was_measured_and_on_what(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = json.loads((study / "study.json").read_text())
    licence = "Pictograms: ARASAAC, CC BY-NC-SA 4.0."
    described = {**about, "data": {**about["data"], "train": 16, "test": 8, "split_hash": "ab12", "licence": licence}}
    (study / "study.json").write_text(json.dumps(described))
    assert run(monkeypatch, study, "t001", tmp_path / "out") == 0
    (study / "study.json").write_text(json.dumps(about))
    page = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    row = pd.read_csv(study / "trials.csv").set_index("trial_id").loc["t001"]
    before = pd.read_csv(study / "baseline.csv").iloc[0]
    assert page.startswith("# tiny after trial t001 of small-rehearsal\n")
    assert f"| `recall_at_1` | {before['recall_at_1']:.1f} % | {row['recall_at_1']:.1f} % |" in page
    assert f"| `modality_gap` | {before['modality_gap']:.3f} | {row['modality_gap']:.3f} |" in page
    expected = ["This was a rehearsal", "On 8 test images", "after epoch 1", "pools of 4 pairs", licence, "How to cite"]
    expected += [
        "squares, language en: 16 images",
        "terms ce+centroid",
        "This licence forbids commercial use",
    ]
    for text in [*expected, "split ab12"]:
        assert text in page, text
    assert not re.search(r"None|nan|\{", page.split("## What it expects")[1])


def test_a_full_disk_leaves_nothing_and_says_so(study: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    code = (
        "import os, sys\nfrom study.export import main\n"
        f"sys.argv = ['export', {str(study)!r}, 't001', {str(tmp_path / 'disk' / 'out')!r}]\n"
        "sys.stderr = sys.stdout\n"
        f"print('code', main(), os.listdir({str(tmp_path / 'disk')!r}))\n"
    )
    out = on_small_disk([sys.executable, "-c", code], tmp_path / "disk", size="64k")
    assert "no space left on the disk of" in out
    assert out.endswith("code 2 []\n")


def test_help_teaches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--help")
    text = capsys.readouterr().out
    for part in ("knee merged", "--pick", "baseline", "can be copied to another machine", "README.md"):
        assert part in text
