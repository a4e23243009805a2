"""Who asks, how often and how much: tokens, rate limits, sizes of bodies, headers of answers."""

from __future__ import annotations

import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from rpe_geo.messages import phrase

__all__ = [
    "Audience",
    "BodyLimit",
    "RateLimit",
    "SecurityHeaders",
    "audience_of",
    "is_this_machine",
]

Audience = Literal["public", "professional"]

_CLIENTS_KEPT = 20_000
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:{tiles}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), payment=(), geolocation=(self)",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}


def audience_of(authorization: str | None, token: str | None) -> Audience | None:
    """
    Tell who asks by the Authorization header.

    Parameters
    ----------
    authorization
        The header as sent.
    token
        The token of the deployment; without one, nobody is a professional here.

    Returns
    -------
    "public", "professional" or None
        None when a token is given and is not the right one.
    """
    if not authorization:
        return "public"
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or token is None:
        return None
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return "professional" if same else None


class BodyLimit:
    """
    Refuse a request whose body is larger than a limit, also when it does not say so beforehand.

    Parameters
    ----------
    app
        What is protected.
    limit_kb
        Largest body in kilobytes.
    """

    def __init__(self, app: ASGIApp, *, limit_kb: int) -> None:
        self._app = app
        self._limit_kb = limit_kb

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_kb * 1000
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > limit:
            await self._refuse(scope, receive, send)
            return
        # Bodies are small: read the whole first, so that a refusal is never half an answer.
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            if message["type"] != "http.request":
                break
            size += len(message.get("body", b""))
            if size > limit:
                await self._refuse(scope, receive, send)
                return
            if not message.get("more_body", False):
                break

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = phrase("body_too_large", limit=self._limit_kb)
        await problem(413, "body_too_large", detail)(scope, receive, send)


class RateLimit:
    """
    Let each client ask so many times a minute, in bursts of half a minute's worth.

    A client on this machine that no proxy vouches for is the operator: it is not limited, unless everyone is.

    Parameters
    ----------
    app
        What is protected.
    per_minute
        Requests that refill in a minute; 0 for no limit.
    path
        Only paths that begin so are counted; "/" is that page alone.
    method
        Only this method is counted; every one when it is empty.
    everyone
        Whether clients on this machine are limited too.
    """

    def __init__(
        self, app: ASGIApp, *, per_minute: int, path: str, method: str = "", everyone: bool = False
    ) -> None:
        self._app = app
        self._per_minute = per_minute
        self._path = path
        self._method = method
        self._everyone = everyone
        self._burst = max(1.0, per_minute / 2)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        counted = (
            scope["type"] == "http"
            and self._per_minute > 0
            and self._method in {"", scope["method"]}
            and scope["path"].startswith(self._path)
            and (self._path != "/" or scope["path"] == "/")
        )
        wait = self._wait(scope) if counted else 0.0
        if wait <= 0:
            await self._app(scope, receive, send)
            return
        seconds = max(1, round(wait + 0.5))
        detail = phrase("too_many_requests", seconds=seconds)
        answer = problem(429, "too_many_requests", detail, headers={"retry-after": str(seconds)})
        await answer(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        """Take one request of the client's; return the seconds to wait when none is left."""
        client = scope.get("client")
        name = client[0] if client else ""
        if is_this_machine(client) and not self._everyone:
            return 0.0
        now = time.monotonic()
        with self._lock:
            left, since = self._left.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._per_minute / 60)
            allowed = left >= 1
            self._left[name] = (left - 1 if allowed else left, now)
            if len(self._left) > _CLIENTS_KEPT:
                self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


def is_this_machine(client: Sequence[Any] | None) -> bool:
    """Tell whether a client (host, port) asks from the machine of the service, no proxy between."""
    name = client[0] if client else ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "testclient"


class SecurityHeaders:
    """
    Put on every answer what browsers should refuse.

    Parameters
    ----------
    app
        What is protected.
    tile_host
        The only other host that a page may load pictures from, as `https://host`; empty for none.
    """

    def __init__(self, app: ASGIApp, *, tile_host: str = "") -> None:
        self._app = app
        tiles = f" {tile_host}" if tile_host else ""
        self._headers = {name: value.replace("{tiles}", tiles) for name, value in _HEADERS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                if scope.get("scheme") == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, send_with_headers)
