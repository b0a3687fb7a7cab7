"""The explorer's command: what it refuses, and that it answers this machine alone."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from pareto_study import write_pareto_study

from study.explore.app import PAGES, make_app
from study.explorer import main

ROOT = Path(__file__).resolve().parents[3]


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["study/explorer.py", *arguments])
    code = main()
    return code, capsys.readouterr().err


def test_a_directory_without_a_study_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    study = write_pareto_study(tmp_path / "study", with_optuna=False)
    code, error = run(monkeypatch, capsys, str(study), str(tmp_path / "none"))
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"error: {tmp_path / 'none'} holds no study")


def test_a_port_in_use_is_one_line_that_names_the_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, error = run(monkeypatch, capsys, "--port", str(port))
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"error: --port {port}: cannot listen there (address already in use)")


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, capsys, "--port", port)
    assert stopped.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_help_answers_at_once_and_teaches() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, ROOT / "study" / "explorer.py", "--help"], capture_output=True, text=True)
    assert time.monotonic() - began < 2
    assert done.returncode == 0
    assert "examples:" in done.stdout


def test_it_serves_until_interrupted_and_ends_quietly() -> None:
    command = [sys.executable, ROOT / "study" / "explorer.py", "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0]
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address) as answer:
                assert "Modality gap" in answer.read().decode()
            elsewhere = urllib.request.Request(address, headers={"Host": "rebound.example:8050"})
            with pytest.raises(HTTPError, match=r"403") as refused:
                urllib.request.urlopen(elsewhere)
            refused.value.close()
        finally:
            process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error.strip()) == (0, "")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8050", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8050", 403),
        ("localhost@evil.example", 403),
        ("[", 403),
    ],
)
def test_requests_for_another_name_are_refused(host: str, status: int) -> None:
    client = make_app([]).server.test_client()
    for path in ("/", "/_dash-layout", "/assets/style.css"):
        with client.get(path, headers={"Host": host}) as answer:
            assert answer.status_code == status


def test_the_page_takes_nothing_from_elsewhere() -> None:
    client = make_app([]).server.test_client()
    with client.get("/") as answer:
        page = answer.get_data(as_text=True)
    assert 'lang="en"' in page
    assert "://" not in page
    with client.get("/assets/style.css") as answer:
        style = answer.get_data(as_text=True)
    assert "url(" not in style
    assert "@import" not in style


def test_pages_that_need_a_study_come_with_one(tmp_path: Path) -> None:
    study = write_pareto_study(tmp_path / "study", with_optuna=False)
    for studies in ([], [study]):
        client = make_app(studies).server.test_client()
        for name, page in PAGES.items():
            body = {
                "output": "..page.children...pages.children..",
                "outputs": [{"id": "page", "property": "children"}, {"id": "pages", "property": "children"}],
                "inputs": [{"id": "address", "property": "pathname", "value": f"/{name}"}],
                "changedPropIds": ["address.pathname"],
            }
            with client.post("/_dash-update-component", json=body) as answer:
                assert answer.status_code == 200
                assert ("There is no page" in answer.get_data(as_text=True)) == (page.needs_study and not studies)
