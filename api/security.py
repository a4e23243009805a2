"""Who asks, how often and how much: tokens, rate limits, sizes of bodies, headers of answers."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from rpe_geo.messages import phrase

__all__ = [
    "Audience",
    "BodyLimit",
    "KnownHosts",
    "OwnForms",
    "RateLimit",
    "Refusal",
    "SecurityHeaders",
    "audience_of",
    "is_this_machine",
    "security_headers",
]

Audience = Literal["public", "professional"]

Refusal = Callable[..., ASGIApp]
"""Answers a request that goes no further: `refuse(scope, status, code, detail, headers=…)`."""

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
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def security_headers(tile_host: str = "") -> dict[str, str]:
    """
    Write what browsers should refuse.

    Parameters
    ----------
    tile_host
        The only other host that a page may load pictures from, as `https://host`; empty for none.
    """
    tiles = f" {tile_host}" if tile_host else ""
    return {name: value.replace("{tiles}", tiles) for name, value in _HEADERS.items()}


def _as_problem(
    _scope: Scope, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> ASGIApp:
    return problem(status, code, detail, headers=headers)


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
    refuse
        How a refusal is answered.
    """

    def __init__(self, app: ASGIApp, *, limit_kb: int, refuse: Refusal = _as_problem) -> None:
        self._app = app
        self._limit_kb = limit_kb
        self._answer = refuse

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
        await self._answer(scope, 413, "body_too_large", detail)(scope, receive, send)


class RateLimit:
    """
    Let each client ask so many times a minute, in bursts of half a minute's worth.

    A client on this machine that no proxy vouches for is the operator: it is not limited, unless everyone is. Who has
    one IPv6 address has the 2⁶⁴ beside it: they count as one client.

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
    refuse
        How a refusal is answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_minute: int,
        path: str,
        method: str = "",
        everyone: bool = False,
        refuse: Refusal = _as_problem,
    ) -> None:
        self._answer = refuse
        self._app = app
        self._per_minute = per_minute
        self._path = path
        self._method = method
        self._everyone = everyone
        self._burst = max(1.0, per_minute / 2)
        self._left: LRUCache[str, tuple[float, float]] = LRUCache(_CLIENTS_KEPT)
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
        headers = {"retry-after": str(seconds)}
        answer = self._answer(scope, 429, "too_many_requests", detail, headers=headers)
        await answer(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        """Take one request of the client's; return the seconds to wait when none is left."""
        client = scope.get("client")
        if is_this_machine(client) and not self._everyone:
            return 0.0
        name = _network(client[0]) if client else ""
        now = time.monotonic()
        with self._lock:
            left, since = self._left.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._per_minute / 60)
            allowed = left >= 1
            self._left[name] = (left - 1 if allowed else left, now)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


def _network(name: str) -> str:
    """Name the client that an address belongs to."""
    try:
        address = ip_address(name)
    except ValueError:
        return name
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(getattr(address, "ipv4_mapped", None) or address)


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
        self._headers = security_headers(tile_host)

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


class KnownHosts:
    """
    Refuse requests that call the service by a name that is not its own.

    Starlette's `TrustedHostMiddleware` does the same but reads no IPv6 address and answers one English word: here a page
    is answered by a page, and the API by a problem.

    Parameters
    ----------
    app
        What is protected.
    hosts
        Names in lower case, without port; those of this machine are always known.
    refuse
        How a refusal is answered.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Sequence[str], refuse: Refusal = _as_problem
    ) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts} | {"127.0.0.1", "localhost", "::1"}
        self._answer = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        name = _host_name(Headers(scope=scope).get("host", "")) if scope["type"] == "http" else None
        if scope["type"] != "http" or name in self._hosts:
            await self._app(scope, receive, send)
            return
        refusal = self._answer(scope, 421, "host_unknown", phrase("host_unknown"))
        await refusal(scope, receive, send)


def _host_name(host: str) -> str | None:
    """Read a Host header without its port; None when it is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


class OwnForms:
    """
    Refuse what another site's page sends to ours: browsers say where a form comes from.

    Parameters
    ----------
    app
        What is protected.
    apart
        Paths that begin so are not pages: they ask for a token that no browser sends by itself.
    origin
        Public address of the service, which an Origin header may name beside the Host of the request.
    refuse
        How a refusal is answered.
    """

    def __init__(
        self, app: ASGIApp, *, apart: str, origin: str, refuse: Refusal = _as_problem
    ) -> None:
        self._app = app
        self._apart = apart
        self._origin = urlsplit(origin).netloc.lower()
        self._answer = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        changes = scope["type"] == "http" and scope["method"] not in _SAFE
        if not changes or scope["path"].startswith(self._apart) or self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        refusal = self._answer(scope, 403, "form_expired", phrase("form_expired"))
        await refusal(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is None:  # not a browser, or one that is too old to say
            return True
        return urlsplit(origin).netloc.lower() in {headers.get("host", "").lower(), self._origin}
