"""What a deployment must have before it goes online."""

from __future__ import annotations

from urllib.parse import urlsplit

from rpe_geo.errors import InputError
from rpe_geo.settings import Settings

__all__ = ["require_safe_secrets"]

_DEFAULT = "development"
_LEAST = {"secret_key": 32, "masking_secret": 16}


def require_safe_secrets(settings: Settings) -> None:
    """
    Refuse to start in production with a secret that everybody knows or may guess, or without encryption on the way.

    Parameters
    ----------
    settings
        Of the deployment; in development only what contradicts itself is refused.

    Raises
    ------
    InputError
        When a secret is the default, short or monotonous, the public address is not HTTPS, or nobody could sign in.
    """
    if settings.environment == "production":
        for name, least in _LEAST.items():
            value = getattr(settings, name).get_secret_value()
            if value == _DEFAULT or len(value) < least or len(set(value)) < least // 4:
                raise InputError("default_secret", name=f"RPE_{name.upper()}", least=least)
        token = settings.api_token
        if token is not None and len(token.get_secret_value()) < _LEAST["secret_key"]:
            raise InputError("default_secret", name="RPE_API_TOKEN", least=_LEAST["secret_key"])
        if urlsplit(settings.public_url).scheme != "https":
            raise InputError("public_url_insecure")
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise InputError("openid_incomplete", name="RPE_OIDC_CLIENT_ID")
    if not settings.passwords and not settings.oidc_issuer:
        raise InputError("passwords_needed")
