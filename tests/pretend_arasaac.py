"""A server on 127.0.0.1 that answers as ARASAAC's two hosts do, and misbehaves where a test asks for it."""

import asyncio
import io
import json
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

from gap.data.arasaac.client import Limits
from gap.data.arasaac.download import Network, Order, Outcome, download


def picture(number: int, side: int = 12) -> bytes:
    """A PNG of one colour, another for every number."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (number % 256, number // 256 % 256, 100)).save(buffer, "PNG")
    return buffer.getvalue()


def record(number: int, *words: str, updated: str = "2026-01-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    keywords = [{"keyword": word, "type": 2, "hasLocution": True} for word in words or (f"palabra {number}",)]
    return {"_id": number, "keywords": keywords, "lastUpdated": updated, "downloads": number, **more}


@dataclass
class Answer:
    """What is sent; ``length`` is what the header says (None: nothing, the connection's end is the body's)."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    kind: str = "image/png"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = -1
    wait: threading.Event | None = None  # nothing is sent before it is set

    def pieces(self) -> Iterable[bytes]:
        return [self.body] if isinstance(self.body, bytes) else self.body


class Pretend:
    """The hosts' contents, a queue of answers that come first for a path, and a record of what was asked."""

    def __init__(self) -> None:
        self.catalogues: dict[str, list[Any] | bytes] = {}
        self.pictures: dict[int, bytes] = {}
        self.first: dict[str, deque[Answer]] = defaultdict(deque)
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.sent = 0
        self.connections = self.most_connections = 0
        self.changed = threading.Condition()
        self.address = ""

    def answer(self, path: str) -> Answer:
        with self.changed:
            self.asked.append(path)
            self.changed.notify_all()
            if self.first[path]:
                return self.first[path].popleft()
        parts = path.strip("/").split("/")
        if parts[:3] == ["v1", "pictograms", "all"] and parts[3] in self.catalogues:
            held = self.catalogues[parts[3]]
            body = held if isinstance(held, bytes) else json.dumps(held).encode()
            return Answer(body, kind="application/json; charset=utf-8")
        if parts[0] == "pictograms" and len(parts) == 3 and parts[2].startswith(f"{parts[1]}_"):
            number = int(parts[1])
            return Answer(self.pictures.get(number, picture(number)))
        return Answer(b"<html>not here</html>", status=404, kind="text/html")

    def fail(self, path: str, *answers: Answer) -> None:
        self.first[path].extend(answers)

    def pictures_asked(self) -> list[int]:
        return [int(path.split("/")[2]) for path in self.asked if path.startswith("/pictograms/")]

    def wait_for(self, requests: int, seconds: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= requests, seconds)

    def connected(self, by: int) -> None:
        with self.changed:
            self.connections += by
            self.most_connections = max(self.most_connections, self.connections)


def image(number: int, size: int = 300) -> str:
    return f"/pictograms/{number}/{number}_{size}.png"


def catalogue(language: str = "es") -> str:
    return f"/v1/pictograms/all/{language}"


@contextmanager
def serving(pretend: Pretend, tls: ssl.SSLContext | None = None) -> Iterator[Pretend]:
    """Serve it at ``pretend.address`` until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def setup(self) -> None:
            pretend.connected(+1)
            super().setup()

        def finish(self) -> None:
            super().finish()
            pretend.connected(-1)

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            pretend.agents.add(self.headers["User-Agent"])
            answer = pretend.answer(self.path)
            if answer.wait is not None:
                answer.wait.wait(60)
            self.send_response(answer.status)
            if answer.kind:
                self.send_header("Content-Type", answer.kind)
            length = len(answer.body) if answer.length == -1 and isinstance(answer.body, bytes) else answer.length
            if length is not None and length >= 0:
                self.send_header("Content-Length", str(length))
            if not isinstance(answer.body, bytes) or length != len(answer.body):
                self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in answer.pieces():
                self.wfile.write(piece)
                pretend.sent += len(piece)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            pass  # a client that has had enough

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    pretend.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield pretend
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


QUICK = Network(Limits(read=5.0), sleep=no_sleep)


def bring(pretend: Pretend, place: Path, *languages: str, network: Network = QUICK, **order: Any) -> Outcome:
    asked = Order(languages, **{"api": pretend.address, "static": pretend.address, **order})
    return download(asked, place, network=network, progress=False)


def version(place: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((place / "version.json").read_text())
    return content


def manifest(place: Path) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in map(json.loads, (place / "manifest.jsonl").read_text().splitlines())}
