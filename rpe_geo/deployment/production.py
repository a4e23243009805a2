"""What a deployment must have before it goes online."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import Engine, text
from zxcvbn import zxcvbn

from rpe_geo.errors import InputError
from rpe_geo.settings import Settings
from rpe_geo.storage.database import reading
from rpe_geo.storage.resealing import documents_in_clear

__all__ = ["require_safe_database", "require_safe_secrets"]

_LEAST = {"secret_key": 32, "masking_secret": 16}
_GUESSES_LOG10 = {"secret_key": 19, "masking_secret": 14, "api_token": 19}
"""Ten to this power are the guesses that a secret must stand: words, repetitions, sequences and keyboards count for little."""
_LOOKED_AT = 72
_OUTGOING = ("geoplateforme_url", "oidc_issuer", "tiles_url")


def require_safe_secrets(settings: Settings) -> None:
    """
    Refuse to start in production with a secret that may be guessed, or without encryption on the way or at rest.

    Parameters
    ----------
    settings
        Of the deployment; in development only what contradicts itself is refused.

    Raises
    ------
    InputError
        When a secret is the default, short or easily guessed, an address is not HTTPS, personal data would be kept in
        clear, or nobody could sign in.
    """
    if settings.environment == "production":
        for name, least in _LEAST.items():
            _require_strong(name, getattr(settings, name).get_secret_value(), least)
        if settings.api_token is not None:
            token = settings.api_token.get_secret_value()
            _require_strong("api_token", token, _LEAST["secret_key"])
        if not settings.fernet_keys:
            raise InputError("encryption_keys_missing")
        if urlsplit(settings.public_url).scheme != "https":
            raise InputError("public_url_insecure")
        for name in _OUTGOING:
            address = getattr(settings, name)
            if address and urlsplit(address).scheme != "https":
                raise InputError("service_address_insecure", name=f"RPE_{name.upper()}")
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise InputError("openid_incomplete", name="RPE_OIDC_CLIENT_ID")
    if not settings.passwords and not settings.oidc_issuer:
        raise InputError("passwords_needed")


def _require_strong(name: str, value: str, least: int) -> None:
    guesses = zxcvbn(value[:_LOOKED_AT], user_inputs=["rpe", "relais", "geo"])["guesses_log10"]
    if len(value) < least or guesses < _GUESSES_LOG10[name]:
        raise InputError("default_secret", name=f"RPE_{name.upper()}", least=least)


def require_safe_database(engine: Engine) -> None:
    """
    Refuse a database whose role sees every row, or that holds personal data in clear.

    Parameters
    ----------
    engine
        A migrated database.

    Raises
    ------
    InputError
        With the remedy.
    """
    if engine.dialect.name == "postgresql":
        asked = text(
            "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
        )
        with reading(engine) as connection:
            role = connection.scalar(asked)
        if role is not None:
            raise InputError("database_role_too_strong", role=role)
    count = documents_in_clear(engine)
    if count:
        raise InputError("personal_data_in_clear", count=count)
