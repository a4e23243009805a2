"""A server on the loopback that answers as the official services do: entity tags, ranges, 404, and faults on demand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Services:
    """What the server answers, and what it was asked."""

    answers: dict[str, bytes]
    address: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    cut_after: int | None = None
    """Number of requests after which every body is cut in its middle."""
    broken: dict[str, int] = field(default_factory=dict)
    """Path → HTTP code."""

    def find(self, target: str) -> bytes | None:
        parts = urlsplit(target)
        for path, body in self.answers.items():
            own = urlsplit(path)
            if own.path == parts.path and (not own.query or own.query in parts.query):
                return body
        return None


@contextmanager
def serving(answers: dict[str, bytes]) -> Iterator[Services]:
    services = Services(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            body = services.find(self.path)
            code = services.broken.get(path, 200 if body is not None else 404)
            tag = '"' + hashlib.sha256(body or b"").hexdigest()[:12] + '"'
            begins = 0
            if code == 200 and self.headers.get("If-None-Match") == tag:
                code, body = 304, b""
            elif code == 200 and self.headers.get("Range") and self.headers.get("If-Range") == tag:
                begins = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                code = 206 if begins < len(body or b"") else 416
            services.asked.append((self.path, str(code)))
            body = (body or b"")[begins:] if code in {200, 206} else b""
            self.send_response(code)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Sat, 28 Nov 2026 04:00:00 GMT")
            self.end_headers()
            cut = services.cut_after is not None and len(services.asked) > services.cut_after
            self.wfile.write(body[: len(body) // 2] if cut and len(body) > 1 else body)
            if cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    services.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
