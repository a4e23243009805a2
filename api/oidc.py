"""
Signing in by an OpenID Connect provider: ProConnect, Keycloak and others that publish a discovery document.

Authorization code with state, nonce and PKCE; the ID token is believed only when its signature, issuer, audience, end
and nonce are right. Nothing of a token is ever logged.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from rpe_geo.desk.accounts import Role, read_role
from rpe_geo.errors import Forbidden, InputError, ServiceUnavailable
from rpe_geo.settings import Settings

__all__ = ["Flow", "Identity", "Provider"]

logger = logging.getLogger("rpe_geo.openid")

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures that only the provider can make; `none` and those made with our own secret are none."""

_WAIT_S = 10
_KEPT_S = 3600
_LEEWAY_S = 60


@dataclass(frozen=True)
class Flow:
    """What one browser must bring back from the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """
    Who somebody is, by the word of the provider.

    Parameters
    ----------
    email
        Verified.
    key
        Issuer and subject: the same person for ever, whatever the e-mail.
    roles
        RPE to role, from the claim that the settings name; empty without one.
    id_token
        As it came, to end the provider's session.
    """

    email: str
    key: str
    name: str
    roles: Mapping[str, Role]
    id_token: str


class Provider:
    """
    One OpenID Connect provider.

    Parameters
    ----------
    settings
        Issuer, client and what is asked.
    transport
        How it is reached; over the network when None.
    """

    def __init__(
        self, settings: Settings, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._issuer = settings.oidc_issuer
        self._transport = transport
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def label(self) -> str:
        """What the provider is called on pages."""
        return self._settings.oidc_label

    # ---- the way there and back ----------------------------------------------------------------------------------

    def begin(self, callback: str) -> tuple[str, Flow]:
        """
        Prepare a sign-in.

        Parameters
        ----------
        callback
            Whole address of our page to which the provider sends the browser back.

        Returns
        -------
        str
            Where the browser goes.
        Flow
            What must be compared when it comes back.

        Raises
        ------
        ServiceUnavailable
            When the provider does not answer.
        """
        metadata = self._metadata()
        flow = Flow(secrets.token_hex(24), secrets.token_hex(24), secrets.token_urlsafe(48))
        with self._client(metadata, callback) as client:
            url, _state = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier if self._uses_pkce(metadata) else None,
            )
        return str(url), flow

    def finish(self, flow: Flow, answer: Mapping[str, str], callback: str) -> Identity:
        """
        Learn who came back.

        Parameters
        ----------
        flow
            What `begin` gave for this browser.
        answer
            The parameters of the callback's address.
        callback
            The same as for `begin`.

        Raises
        ------
        Forbidden
            When the answer is not for this browser, cannot be trusted, or names no verified e-mail.
        ServiceUnavailable
            When the provider does not answer.
        """
        given = answer.get("state", "")
        if not hmac.compare_digest(given.encode(), flow.state.encode()):
            raise Forbidden("openid_stale")
        if answer.get("iss", self._issuer) != self._issuer:
            raise self._refusal("openid_untrusted", "issuer of the answer")
        if "code" not in answer:
            raise self._refusal("openid_refused", "no code")
        metadata = self._metadata()
        token = self._fetch_token(metadata, flow, answer["code"], callback)
        claims = self._read_id_token(token, flow.nonce)
        about = dict(claims)
        if "userinfo_endpoint" in metadata and self._lacks(about):
            told = self._userinfo(metadata, token, claims)
            if (
                "email" in told
            ):  # an e-mail and whether it is verified come from one and the same document
                about.pop("email_verified", None)
            about |= told
        return self._identity(about, str(token["id_token"]))

    def end_url(self, id_token: str, back: str) -> str | None:
        """Write the address that ends the provider's own session; None where it has none, or does not answer."""
        try:
            endpoint = self._metadata().get("end_session_endpoint")
        except ServiceUnavailable:
            return None
        if not endpoint:
            return None
        return str(
            add_params_to_uri(
                endpoint,
                {
                    "id_token_hint": id_token,
                    "post_logout_redirect_uri": back,
                    "state": secrets.token_hex(24),
                },
            )
        )

    # ---- the provider's documents --------------------------------------------------------------------------------

    def _metadata(self) -> dict[str, Any]:
        """Return the discovery document, read again every hour."""
        with self._lock:
            if self._known is not None and time.monotonic() - self._known[0] < _KEPT_S:
                return self._known[1]
        document = self._get_json(
            self._issuer.rstrip("/") + "/.well-known/openid-configuration", "discovery"
        )
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if document.get("issuer") != self._issuer or any(name not in document for name in needed):
            logger.error("openid: the discovery document is not that of the issuer")
            raise ServiceUnavailable("openid_unavailable", provider=self.label)
        plain = [
            name
            for name, value in document.items()
            if name.endswith(("_endpoint", "jwks_uri"))
            and urlsplit(str(value)).scheme != "https"
            and urlsplit(self._issuer).scheme == "https"
        ]
        if plain:
            logger.error("openid: endpoints without encryption: %s", ", ".join(plain))
            raise ServiceUnavailable("openid_unavailable", provider=self.label)
        with self._lock:
            self._known = (time.monotonic(), document)
        return document

    def _key_set(self, *, anew: bool = False) -> KeySet:
        with self._lock:
            if self._keys is not None and not anew and time.monotonic() - self._keys[0] < _KEPT_S:
                return self._keys[1]
        document = self._get_json(self._metadata()["jwks_uri"], "keys")
        try:
            keys = KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError):
            logger.error("openid: the keys cannot be read")  # noqa: TRY400 - the kind says nothing more
            raise ServiceUnavailable("openid_unavailable", provider=self.label) from None
        with self._lock:
            self._keys = (time.monotonic(), keys)
        return keys

    def _get_json(self, url: str, what: str) -> dict[str, Any]:
        try:
            with httpx2.Client(transport=self._transport, timeout=_WAIT_S) as client:
                answer = client.get(url, headers={"accept": "application/json"})
                answer.raise_for_status()
                document = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._silence(what, error) from None
        if not isinstance(document, dict):
            raise self._silence(what, TypeError())
        return document

    def _silence(self, what: str, error: Exception) -> ServiceUnavailable:
        """Log which document the provider owes us, and by what kind of failure."""
        logger.error("openid: no %s from the provider (%s)", what, type(error).__name__)
        return ServiceUnavailable("openid_unavailable", provider=self.label)

    def _refusal(self, code: str, why: str) -> Forbidden:
        logger.warning("openid: refused, %s", why)
        return Forbidden(code, provider=self.label)

    # ---- tokens --------------------------------------------------------------------------------------------------

    def _client(self, metadata: Mapping[str, Any], callback: str) -> OAuth2Client:
        secret = self._settings.oidc_client_secret
        offered = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        # ProConnect registers its services with the secret in the body; Keycloak takes both.
        method = "client_secret_post" if "client_secret_post" in offered else "client_secret_basic"
        return OAuth2Client(
            client_id=self._settings.oidc_client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            token_endpoint_auth_method="none" if secret is None else method,
            scope=self._settings.oidc_scope,
            redirect_uri=callback,
            code_challenge_method="S256",
            transport=self._transport,
            timeout=_WAIT_S,
        )

    def _uses_pkce(self, metadata: Mapping[str, Any]) -> bool:
        offered = "S256" in metadata.get("code_challenge_methods_supported", ())
        return {"always": True, "never": False, "auto": offered}[self._settings.oidc_pkce]

    def _fetch_token(
        self, metadata: Mapping[str, Any], flow: Flow, code: str, callback: str
    ) -> dict[str, Any]:
        verifier = {"code_verifier": flow.verifier} if self._uses_pkce(metadata) else {}
        try:
            with self._client(metadata, callback) as client:
                token = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=callback,
                    **verifier,
                )
        except OAuthError as error:
            raise self._refusal("openid_refused", f"token endpoint: {error.error}") from None
        except (httpx2.HTTPError, ValueError) as error:
            raise self._silence("token", error) from None
        if not isinstance(token.get("id_token"), str):
            raise self._refusal("openid_untrusted", "no ID token")
        return dict(token)

    def _decode(self, text: str) -> jwt.Token:
        """Read a signed token; keys that changed are asked for once."""
        try:
            return jwt.decode(text, self._key_set(), algorithms=_ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):
            return jwt.decode(text, self._key_set(anew=True), algorithms=_ALGORITHMS)

    def _read_id_token(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "sub": {"essential": True},
        }
        known = {
            "nonce": nonce,
            "client_id": self._settings.oidc_client_id,
            "access_token": token.get("access_token"),
        }
        try:
            decoded = self._decode(str(token["id_token"]))
            claims = CodeIDToken(decoded.claims, decoded.header, options, known)
            claims.validate(leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise self._refusal("openid_untrusted", f"ID token: {type(error).__name__}") from None
        return dict(claims)

    # ---- who -----------------------------------------------------------------------------------------------------

    def _lacks(self, about: Mapping[str, Any]) -> bool:
        """Tell whether the ID token leaves something to ask."""
        claim = self._settings.oidc_role_claim
        unsure = "email" not in about or not (
            self._settings.oidc_email_trusted or "email_verified" in about
        )
        return unsure or (bool(claim) and _at(about, claim) is None)

    def _userinfo(
        self, metadata: Mapping[str, Any], token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Ask who it is; ProConnect answers by a signed token, others by plain JSON."""
        about: Any
        bearer = {"authorization": f"Bearer {token.get('access_token', '')}"}
        try:
            with httpx2.Client(transport=self._transport, timeout=_WAIT_S) as client:
                answer = client.get(metadata["userinfo_endpoint"], headers=bearer)
                answer.raise_for_status()
            if answer.headers.get("content-type", "").startswith("application/jwt"):
                about = self._signed_userinfo(answer.text.strip())
            else:
                about = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._silence("user information", error) from None
        if not isinstance(about, dict) or about.get("sub") != claims["sub"]:
            raise self._refusal("openid_untrusted", "user information of somebody else")
        return about

    def _signed_userinfo(self, text: str) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._settings.oidc_client_id},
        )
        try:
            claims = self._decode(text).claims
            registry.validate(claims)
        except JoseError as error:
            raise self._refusal(
                "openid_untrusted", f"user information: {type(error).__name__}"
            ) from None
        return dict(claims)

    def _identity(self, about: Mapping[str, Any], id_token: str) -> Identity:
        email = about.get("email")
        if not isinstance(email, str) or "@" not in email:
            raise self._refusal("openid_email_missing", "no e-mail")
        verified = about.get("email_verified", self._settings.oidc_email_trusted)
        if verified is not True:
            raise self._refusal("openid_email_unverified", "e-mail not verified")
        names = [about.get("given_name"), about.get("usual_name") or about.get("family_name")]
        joined = " ".join(part for part in names if isinstance(part, str))
        name = about.get("name")
        return Identity(
            email=email.strip().lower(),
            key=urlencode({"iss": self._issuer, "sub": str(about["sub"])}),
            name=(name if isinstance(name, str) and name else joined)[:120],
            roles=self._roles(about),
            id_token=id_token,
        )

    def _roles(self, about: Mapping[str, Any]) -> dict[str, Role]:
        """Read « RPE:role » from the claim of the settings; what cannot be read gives nothing."""
        claim = self._settings.oidc_role_claim
        found = _at(about, claim) if claim else None
        values = found.replace(",", " ").split() if isinstance(found, str) else found
        roles: dict[str, Role] = {}
        for value in values if isinstance(values, list) else ():
            rpe_id, _, role = str(value).partition(":")
            try:
                roles[rpe_id] = read_role(role)
            except InputError:
                continue
        return roles


def _at(about: Mapping[str, Any], claim: str) -> Any:
    """Find a claim by its name, or by a path with dots as in `realm_access.roles`."""
    if claim in about:
        return about[claim]
    first, dot, rest = claim.partition(".")
    inner = about.get(first)
    return _at(inner, rest) if dot and isinstance(inner, Mapping) else None
