"""Links that say who they are for: signed and dated where anyone may read them, sealed where nobody may."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rpe_geo.errors import Forbidden

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer

__all__ = ["Links"]


@dataclass(frozen=True)
class Links:
    """
    What one deployment signs and seals.

    Parameters
    ----------
    secret
        Its secret key; each purpose has a key of its own, drawn from it.
    public_url
        Address of the service.
    """

    secret: str = field(repr=False)
    public_url: str

    def sign(self, purpose: str, content: Mapping[str, str]) -> str:
        """Write what a link carries, signed and dated."""
        return str(self._signer(purpose).dumps(dict(content)))

    def unsign(self, purpose: str, token: str, *, days: float) -> dict[str, str]:
        """Read what a link carries, or raise `Forbidden` when it is too old or not ours."""
        from itsdangerous import BadSignature

        try:
            content = self._signer(purpose).loads(token, max_age=round(days * 86_400))
        except BadSignature:
            raise Forbidden("link_unusable") from None
        return cast("dict[str, str]", content)

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        from itsdangerous import URLSafeTimedSerializer

        return URLSafeTimedSerializer(self.secret, salt=purpose)

    def seal(self, purpose: str, content: Mapping[str, Any]) -> str:
        """Write what only this deployment can read again: for a cookie, a hidden field, a column."""
        return self._box(purpose).encrypt(json.dumps(content).encode()).decode("ascii")

    def unseal(self, purpose: str, token: str, *, within: timedelta) -> dict[str, Any] | None:
        """Read what was sealed for the same purpose; None when it is too old or not ours."""
        try:
            text = self._box(purpose).decrypt(token.encode(), ttl=round(within.total_seconds()))
        except InvalidToken:
            return None
        return cast("dict[str, Any]", json.loads(text))

    def _box(self, purpose: str) -> Fernet:
        drawn = HKDF(SHA256(), 32, salt=None, info=f"rpe_geo {purpose}".encode())
        return Fernet(base64.urlsafe_b64encode(drawn.derive(self.secret.encode())))

    def address(self, path: str) -> str:
        """Write the whole address of a page, for a mail."""
        return self.public_url.rstrip("/") + path
