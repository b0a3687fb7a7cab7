"""Every command and every example of the README runs, on small data and a small model."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import open_clip
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines()]
STUDIES = [command for command in COMMANDS if command.startswith("python study/run.py --space")]
SEEING = [
    "python study/report.py results/arasaac_es-rehearsal",
    "python study/explorer.py results/arasaac_es-rehearsal",
    'python study/search.py results/arasaac_es-rehearsal "quiero comer una manzana" --top 12',
    "tensorboard --logdir results/arasaac_es-rehearsal/tensorboard",
]
LOADING = """cd merged && python -c 'import gap, open_clip; model = open_clip.create_model("local-dir:.")'"""
DATA = ["python -m gap.data.arasaac --lang es --lang en", "python -m gap.data check arasaac --language es"]
SMALL = "--model tiny --profile rehearsal --epochs 1 --set batch_size=64"


def run(command: str, home: Path) -> str:
    """Run a command of the README in a directory of its own, with this Python and the data below."""
    command = command.replace("~/arasaac", str(home / "arasaac"))
    done = subprocess.run(
        arguments(command),
        cwd=home,
        env={**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def arguments(command: str) -> list[str]:
    """Split a command as a shell does, with this Python and this checkout's scripts."""
    command = command.replace("python study", f"python {ROOT}/study")
    return [sys.executable if word == "python" else word for word in shlex.split(command)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a local copy of ARASAAC and the results of what `make study` runs."""
    home = tmp_path_factory.mktemp("home")
    (home / "arasaac" / "images").mkdir(parents=True)
    records = [{"_id": number, "keywords": [{"keyword": f"palabra {number}"}]} for number in range(300)]
    for language in ("es", "en"):
        (home / "arasaac" / f"{language}.json").write_text(json.dumps(records))
    for number in range(300):
        Image.new("RGB", (32, 32), (number % 256, 0, 0)).save(home / "arasaac" / "images" / f"{number}.png")
    make = (ROOT / "Makefile").read_text()
    command = re.search(r"\$\(BIN\)/(python study/run.py .*)", make)
    assert command is not None
    assert f"`{command[1]}`" in README
    run(f"{command[1]} {SMALL} --trials 2", home)
    return home


def test_the_commands_are_all_known() -> None:
    others = [command for command in COMMANDS if command not in STUDIES]
    assert others == [
        "make study",
        "make test",
        "python -m study.plot_front results/arasaac_es-rehearsal front.png",
        "python -m study.export results/arasaac_es-rehearsal knee merged",
        LOADING,
        *SEEING,
        "pip install -e .",
        "python study/run.py --resume results/arasaac_es --trials 60 --hours 8",
        "python study/run.py --resume results/arasaac_es --replicates 3",
        *DATA,
        "python study/run.py --help",
    ]
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")
    assert len(STUDIES) == 6


@pytest.mark.parametrize("command", STUDIES)
def test_a_study_of_the_readme(command: str, home: Path) -> None:
    name = "" if "--name" in command else "--name again"
    model = SMALL.replace("--model tiny", "") if "--model" in command else SMALL
    command = re.sub(r"--model \S+", "--model tiny", command)
    # Four GPUs and a cluster are not here: their study is planned. tests/study/test_cluster.py runs one on two nodes.
    planned = "--dry-run" in command or "--concurrent" in command
    out = run(f"{command} {model} --trials 1 {'--dry-run' if planned else '--no-report'} {name}", home)
    assert ("about 0 h" if planned else "Pareto front: 1 of 1 trials") in out


def test_a_study_of_the_readme_goes_on(home: Path) -> None:
    (home / "results" / "arasaac_es").symlink_to("arasaac_es-rehearsal")
    for command in (command for command in COMMANDS if "--resume" in command):
        out = run(
            command.replace("--trials 60", "--trials 3").replace("--replicates 3", "--replicates 1 --no-report"), home
        )
        assert "of 3 trials" in out


def test_what_follows_a_study(home: Path) -> None:
    run("python -m study.plot_front results/arasaac_es-rehearsal front.png", home)
    with Image.open(home / "front.png") as picture:
        assert picture.width > 500
    out = run("python -m study.export results/arasaac_es-rehearsal knee merged", home)
    for line in (LOADING, out.splitlines()[1]):
        line = line.replace("python", sys.executable, 1) + "; cat README.md > /dev/null"
        subprocess.run(["sh", "-ec", line], cwd=home, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert open_clip.create_model(f"local-dir:{home / 'merged'}").visual.image_size == (32, 32)
    run("python study/run.py --help", home)
    version = subprocess.run(
        [Path(sys.executable).with_name("tensorboard"), "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.strip()
    assert list((home / "results" / "arasaac_es-rehearsal" / "tensorboard").glob("t000/events.*"))


def test_how_to_see_it(home: Path) -> None:
    report, explorer, search, _ = SEEING
    assert "report.html" in run(report, home)
    assert "Una imagen de quiero comer una manzana" in run(search, home)
    environment = {**os.environ, "MODALITY_GAP_CACHE": str(home / "cache")}
    with subprocess.Popen(
        [*arguments(explorer), "--port", "0"], cwd=home, env=environment, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        address = served.stdout.readline().split()[0]
        with urllib.request.urlopen(address) as page:
            assert "Modality gap" in page.read().decode()
        served.terminate()


def test_data_are_checked(home: Path) -> None:
    download, check = DATA
    run(f"{download} --help", home)  # tests/data/test_arasaac_command.py downloads, from a host of its own
    command = [*arguments(check), "--data-dir", str(home / "arasaac"), "--image-size", "32"]
    environment = {**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # 300 plain images in 256 colours: some are on both sides
    assert (home / "check_arasaac_es" / "contact_sheet.png").is_file()


def test_every_python_example_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    examples = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
