"""Personal data at rest: JSON text, sealed with Fernet when the deployment has a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rpe_geo.errors import InputError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["TOKEN_START", "Seal"]

TOKEN_START = "gAAAA"  # noqa: S105 - how every Fernet token begins, not a secret


class Seal:
    """
    Closes and opens documents of personal data.

    Parameters
    ----------
    keys
        Fernet keys; the first closes, all open, so that a key can be replaced. Without keys documents are plain JSON.
        Plain documents stay readable once there are keys: they are sealed when they are next saved.

    Raises
    ------
    InputError
        When a key is not one.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._fernet: MultiFernet | None = None
        if keys:
            from cryptography.fernet import Fernet, MultiFernet

            try:
                self._fernet = MultiFernet([Fernet(key) for key in keys])
            except ValueError:
                raise InputError("encryption_key_unusable") from None

    def close(self, document: Mapping[str, Any]) -> str:
        """Write a document, sealed if there is a key."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return self._fernet.encrypt(text.encode()).decode("ascii") if self._fernet else text

    def open(self, text: str) -> dict[str, Any]:
        """Read a document, sealed or not."""
        if text.startswith(TOKEN_START):
            text = self._unseal(text)
        document: dict[str, Any] = json.loads(text)
        return document

    def _unseal(self, token: str) -> str:
        if self._fernet is None:
            raise InputError("encryption_key_missing")
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise InputError("encryption_key_wrong") from None
