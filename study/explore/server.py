"""Serving on this machine, to this machine."""

import logging
import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.serving import make_server

from gap.errors import UserError

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")


def listen(port: int) -> socket.socket:
    """Open the port on 127.0.0.1, or any free one for 0. Raises ``UserError`` if it cannot be had.

    >>> with listen(0) as listening:
    ...     listening.getsockname()[0]
    '127.0.0.1'
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise UserError(f"--port {port}: cannot listen there ({reason}); --port takes another number") from error


def serve(app: Flask, listening: socket.socket, ready: Callable[[], object]) -> None:
    """Answer requests until interrupted, several at a time; calls ``ready`` before the first."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with make_server(HOST, listening.getsockname()[1], app, threaded=True, fd=listening.fileno()) as server:
        ready()
        server.serve_forever()


def refuse_other_names(app: Flask) -> None:
    """Answer only requests for this machine under its own name.

    A page elsewhere can have its name resolve to 127.0.0.1 and then read what is served here; its requests still carry
    that name.
    """

    @app.before_request
    def check_name() -> tuple[str, int] | None:
        return None if _name(request.host) in NAMES else ("The explorer answers on 127.0.0.1 only.\n", 403)


def _name(host: str) -> str | None:
    """Take the port off a Host header; None if it is malformed.

    >>> _name("localhost:8050"), _name("[")
    ('localhost', None)
    """
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
