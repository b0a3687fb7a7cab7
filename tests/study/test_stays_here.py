"""What a study starts is reached from this machine alone, and tells nobody about it."""

import ipaddress
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
import json, os, sys
import psutil, ray
from study.tuning import connected

@ray.remote
def worker():
    import gap
    from huggingface_hub import constants
    return {"usage": os.environ.get("RAY_USAGE_STATS_ENABLED"), "hub": constants.HF_HUB_DISABLE_TELEMETRY}

with connected(None, gpus=0):
    told = ray.get(worker.remote())
    here = psutil.Process()
    listening = []
    for process in [here, *here.children(recursive=True)]:
        try:
            for one in process.net_connections("inet"):
                if one.status == psutil.CONN_LISTEN or not one.raddr:
                    listening.append([process.name(), one.laddr.ip, one.laddr.port])
        except psutil.Error:
            pass
    from ray._common.usage.usage_lib import usage_stats_enabled
    dashboard = ray._private.worker.global_worker.node.address_info.get("webui_url")
    print(json.dumps([told, listening, usage_stats_enabled(), dashboard]))
"""


def test_a_study_listens_on_this_machine_alone_and_reports_to_nobody() -> None:
    quiet = {"RAY_USAGE_STATS_ENABLED", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run([sys.executable, "-c", STUDY], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    worker, listening, reported, dashboard = json.loads(done.stdout.splitlines()[-1])
    assert worker == {"usage": "0", "hub": True}
    assert not reported
    assert not dashboard
    assert {"gcs_server", "raylet"} <= {name for name, _, _ in listening}
    for name, address, port in listening:
        parsed = ipaddress.ip_address(address)
        inner = getattr(parsed, "ipv4_mapped", None) or parsed
        assert inner.is_loopback, f"{name} listens on {address}:{port}"


def test_clusters_are_as_they_were_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray._private import ray_constants

    from study.tuning import _on_loopback

    name, before = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    for given in (None, "1"):
        monkeypatch.delenv(name, raising=False)
        if given is not None:
            monkeypatch.setenv(name, given)
        with suppress(KeyError), _on_loopback():
            assert (os.environ[name], ray_constants.ENABLE_RAY_CLUSTER) == ("0", False)
            raise KeyError
        assert (os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER) == (given, before)


def test_nothing_that_is_said_or_run_opens_a_port_to_others() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    kinds = (".py", ".md", ".yaml", ".yml", ".toml", "Makefile")
    others = re.compile(r"bind_all|0\.0\.0\.0|dashboard_host|host=[\"']{2}|include_dashboard\W+True")
    read = [name for name in listed if name.endswith(kinds) and name != str(Path(__file__).relative_to(ROOT))]
    assert len(read) > 300
    assert [name for name in read if others.search((ROOT / name).read_text(encoding="utf-8"))] == []


def test_the_explorer_takes_no_host_and_its_pages_nothing_from_elsewhere() -> None:
    from study.explore.server import HOST, listen

    assert HOST == "127.0.0.1"
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
    assert "--host" not in (ROOT / "study" / "explorer.py").read_text(encoding="utf-8")
