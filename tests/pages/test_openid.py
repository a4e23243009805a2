"""OpenID Connect against a provider made for the test: real keys, real signatures, every way to lie."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from api.app import create_app
from rpe_geo.errors import InputError
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_accounts
from tests.pages.accounts_only import csrf_of, make_settings, opened, sign_in

ISSUER = "https://idp.example/realms/relais"
CLIENT = "rpe-geo"
SECRET = "le secret du service"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


KEY, OTHER_KEY = new_key("k1"), new_key("k2")


@dataclass
class FakeProvider:
    """A provider that remembers what it was asked and lies as told."""

    issuer: str = ISSUER
    key: RSAKey = field(default_factory=lambda: KEY)
    published: list[RSAKey] = field(default_factory=lambda: [KEY])
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    signed_userinfo: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    token_error: str | None = None
    forge: Any = None
    asked: list[httpx2.Request] = field(default_factory=list)
    nonce: str = ""
    challenge: str | None = None
    secrets: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            "code_challenge_methods_supported": ["plain", "S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        } | self.metadata

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        what = request.url.path.rpartition("/")[2]
        if what in self.down:
            raise httpx2.ConnectError("no route")
        if f"{what} 502" in self.down:
            return httpx2.Response(502, text="<html>panne</html>")
        return getattr(self, what.replace("-", "_"))(request)

    def openid_configuration(self, _request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=self.document())

    def keys(self, _request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, json={"keys": [k.as_dict(private=False) for k in self.published]}
        )

    def token(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(parse_qsl(request.content.decode()))
        if self.token_error or form["code"] != "le-code":
            return httpx2.Response(400, json={"error": self.token_error or "invalid_grant"})
        if self.challenge is not None:
            assert create_s256_code_challenge(form["code_verifier"]) == self.challenge
        assert form["redirect_uri"].endswith("/pro/openid/retour")
        assert form["client_secret"] == SECRET
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "agent-7",
            "aud": CLIENT,
            "exp": now + 60,
            "iat": now,
            "nonce": self.nonce,
            "email": "Agathe@nord.example",
            "email_verified": True,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        text = (
            self.forge(claims)
            if self.forge
            else jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        )
        self.secrets = [text, "jeton-d-acces"]
        body = {"access_token": "jeton-d-acces", "token_type": "Bearer", "id_token": text}
        return httpx2.Response(200, json=body | {"expires_in": 60})

    def userinfo(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer jeton-d-acces"
        about = {"sub": "agent-7"} | self.about
        if not self.signed_userinfo:
            return httpx2.Response(200, json=about)
        text = jwt.encode({"alg": "RS256", "kid": self.key.kid}, about, self.key)
        return httpx2.Response(200, text=text, headers={"content-type": "application/jwt"})

    def asked_for(self, what: str) -> int:
        return sum(request.url.path.endswith(what) for request in self.asked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("openid")


@pytest.fixture(scope="module")
def base(folder):
    return make_settings(
        folder,
        oidc_issuer=ISSUER,
        oidc_client_id=CLIENT,
        oidc_client_secret=SecretStr(SECRET),
        oidc_label="Keycloak du Nord",
    )


@pytest.fixture
def provider():
    return FakeProvider()


@pytest.fixture
def settings(base):
    """The accounts of every test are linked to no identity yet."""
    repository = open_repository(base.database_url)
    store = open_accounts(repository).store
    store.unlink_identity(store.by_email("agathe@nord.example").account_id)
    repository.close()
    return base


@pytest.fixture
def client(settings, provider):
    with opened(settings, transport=provider.transport) as browser:
        yield browser


def leave(client, provider, path="/pro/openid"):
    """Follow the button; return what the browser was sent to the provider with."""
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    asked = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    provider.nonce, provider.challenge = asked["nonce"], asked.get("code_challenge")
    return asked


def come_back(client, asked, **changed):
    answer = {"code": "le-code", "state": asked["state"]} | changed
    given = {name: value for name, value in answer.items() if value is not None}
    return client.get("/pro/openid/retour", params=given, follow_redirects=False)


def through(client, provider, **changed):
    return come_back(client, leave(client, provider), **changed)


# ---- it works -----------------------------------------------------------------------------------------------------


def test_a_verified_email_with_an_account_opens_a_session(client, provider, settings):
    page = client.get("/pro/demandes").text
    assert "Se connecter avec Keycloak du Nord" in page
    asked = leave(client, provider, "/pro/openid?suite=/pro/registre")
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT
    assert asked["redirect_uri"] == "http://testserver/pro/openid/retour"
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32
    answer = come_back(client, asked)
    assert answer.headers["location"] == "/pro/registre"
    assert client.get("/pro/session").json()["reste"] > 7000
    # The token says all that is needed: nothing more was asked.
    assert provider.asked_for("userinfo") == 0
    assert provider.asked_for("keys") == provider.asked_for("openid-configuration") == 1


def test_a_session_had_before_ends(client, provider):
    sign_in(client, "plan@nord.example")
    old = client.cookies["rpe_session"]
    assert through(client, provider).status_code == 303
    assert client.cookies["rpe_session"] != old
    client.cookies.clear()
    client.cookies.set("rpe_session", old)
    assert client.get("/pro/session").json() == {"reste": 0}


def test_proconnect_says_who_it_is_by_a_signed_token(base, provider):
    """ProConnect: no PKCE, secret in the body, signed user information without email_verified."""
    provider.metadata = {
        "code_challenge_methods_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }
    provider.claims = {"email": None, "email_verified": None}
    provider.signed_userinfo = True
    provider.about = {"iss": ISSUER, "aud": CLIENT, "email": "plan@nord.example"}
    trusting = base.model_copy(
        update={"oidc_email_trusted": True, "oidc_scope": "openid email given_name usual_name"}
    )
    with opened(trusting, transport=provider.transport) as client:
        asked = leave(client, provider)
        assert "code_challenge" not in asked
        assert asked["scope"] == "openid email given_name usual_name"
        assert come_back(client, asked).headers["location"] == "/pro/observatoire"
    with opened(base, transport=provider.transport) as client:
        assert "ne garantit pas votre adresse" in through(client, provider).text


def test_signing_out_ends_the_provider_s_session_too(client, provider):
    through(client, provider)
    answer = client.post("/pro/sortie", data={"csrf": csrf_of(client)}, follow_redirects=False)
    target = urlsplit(answer.headers["refresh"].partition("url=")[2])
    asked = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ISSUER}/logout"
    assert asked["id_token_hint"] == [provider.secrets[0]]
    assert asked["post_logout_redirect_uri"] == ["http://testserver/pro/au-revoir"]
    assert len(asked["state"][0]) >= 32
    assert client.get("/pro/session").json() == {"reste": 0}
    assert client.get("/pro/au-revoir").status_code == 200


def test_keys_that_changed_are_asked_for_again(client, provider):
    assert through(client, provider).status_code == 303
    provider.key, provider.published = OTHER_KEY, [OTHER_KEY]
    assert through(client, provider).status_code == 303
    assert provider.asked_for("keys") == 2
    # Also where the provider forgot to give the new key another name.
    renamed = RSAKey.import_key(KEY.as_dict(private=True) | {"kid": "k2"})
    provider.key, provider.published = renamed, [renamed]
    assert through(client, provider).status_code == 303
    assert provider.asked_for("keys") == 3


def test_the_identity_is_kept_and_another_with_the_same_email_refused(client, provider, settings):
    assert through(client, provider).status_code == 303
    provider.claims = {"sub": "agent-8"}
    answer = through(client, provider)
    assert answer.status_code == 403
    assert "Une autre identité" in answer.text
    assert "délier" in answer.text
    repository = open_repository(settings.database_url)
    linked = open_accounts(repository).store.by_email("agathe@nord.example").identity
    repository.close()
    assert "agent-7" in linked


# ---- who has no account -------------------------------------------------------------------------------------------


def test_nobody_is_let_in_without_an_account(client, provider):
    provider.claims = {"email": "inconnue@nord.example", "sub": "agent-9"}
    answer = through(client, provider)
    assert answer.status_code == 403
    for words in (
        "Il manque un compte",
        "inconnue@nord.example",
        "02 61 91 00 12",
        "autre identité",
    ):
        assert words in answer.text
    assert client.get("/pro/session").json() == {"reste": 0}


@pytest.mark.parametrize("values", [["nord:planner", "sud:reine", "x"], "nord:planner"])
def test_a_claim_makes_an_account_only_when_the_settings_say_so(tmp_path, base, provider, values):
    provider.claims = {
        "email": "neuve@nord.example",
        "sub": "agent-10",
        "given_name": "Inès",
        "usual_name": "Diallo",
        "realm_access": {"roles": values},
    }
    fresh = make_settings(tmp_path).database_url
    with opened(base.model_copy(update={"database_url": fresh}), transport=provider.transport) as c:
        assert through(c, provider).status_code == 403
    wanted = {"database_url": fresh, "oidc_role_claim": "realm_access.roles"}
    with opened(base.model_copy(update=wanted), transport=provider.transport) as client:
        assert through(client, provider).headers["location"] == "/pro/observatoire"
    repository = open_repository(fresh)
    account = open_accounts(repository).store.by_email("neuve@nord.example")
    repository.close()
    assert (account.name, account.memberships) == ("Inès Diallo", {"nord": "planner"})


def test_a_deactivated_account_stays_closed(base, provider, tmp_path):
    fresh = make_settings(tmp_path).database_url
    repository = open_repository(fresh)
    store = open_accounts(repository).store
    account = store.by_email("agathe@nord.example")
    closed = replace(account.every["nord"], active=False)
    store.set_membership(account.account_id, "nord", closed, guard=lambda _everyone: None)
    repository.close()
    with opened(base.model_copy(update={"database_url": fresh}), transport=provider.transport) as c:
        assert through(c, provider).status_code == 403


# ---- lies ---------------------------------------------------------------------------------------------------------


def unsigned(claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def signed_with_our_secret(claims):
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def signed_with_the_public_key(claims):
    """The public key of the provider, taken for a shared secret."""
    public = KEY.as_pem(private=False)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mark = hmac.new(public, head + b"." + body, "sha256").digest()
    return b".".join([head, body, base64.urlsafe_b64encode(mark).rstrip(b"=")]).decode()


LIES = {
    "nonce": {"claims": {"nonce": "x" * 40}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": int(time.time()) - 3600}},
    "no end": {"claims": {"exp": None}},
    "not yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "audience": {"claims": {"aud": "autre-service"}},
    "audience with azp": {"claims": {"aud": "autre-service", "azp": CLIENT}},
    "several audiences, other party": {"claims": {"aud": [CLIENT, "autre"], "azp": "autre"}},
    "issuer": {"claims": {"iss": "https://autre.example"}},
    "no subject": {"claims": {"sub": None}},
    "hash of another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "signature": {"key": RSAKey.import_key(OTHER_KEY.as_dict(private=True) | {"kid": "k1"})},
    "unknown key": {"key": OTHER_KEY},
    "alg none": {"forge": unsigned},
    "our own secret": {"forge": signed_with_our_secret},
    "public key as secret": {"forge": signed_with_the_public_key},
    "no token at all": {"forge": lambda _claims: None},
    "not a token": {"forge": lambda _claims: "bonjour"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_that_is_not_right_opens_nothing(client, provider, lie):
    for name, value in lie.items():
        setattr(provider, name, value)
    answer = through(client, provider)
    assert answer.status_code == 403
    assert "pas pu être vérifiée" in answer.text
    assert client.get("/pro/session").json() == {"reste": 0}


@pytest.mark.parametrize(
    "about",
    [
        {"sub": "une-autre"},
        {"iss": "https://autre.example", "aud": CLIENT},
        {"iss": ISSUER, "aud": "autre-service"},
    ],
)
def test_user_information_of_somebody_else_is_refused(client, provider, about):
    provider.claims = {"email": None}
    provider.signed_userinfo = "iss" in about
    provider.about = {"email": "agathe@nord.example", "email_verified": True} | about
    answer = through(client, provider)
    assert answer.status_code == 403
    assert "vérifiée" in answer.text


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_email_that_is_not_verified_opens_nothing(client, provider, verified):
    provider.claims = {"email_verified": verified}
    answer = through(client, provider)
    assert answer.status_code == 403
    assert "ne garantit pas" in answer.text


def test_an_email_is_as_verified_as_the_document_that_names_it(client, provider):
    provider.claims = {"email": None, "email_verified": True}
    provider.about = {"email": "agathe@nord.example"}
    assert "ne garantit pas" in through(client, provider).text


def test_no_email_opens_nothing(client, provider):
    provider.claims = {"email": None}
    assert "pas donné votre adresse" in through(client, provider).text


# ---- another browser, another time --------------------------------------------------------------------------------


def test_the_answer_must_be_for_this_browser(client, provider):
    asked = leave(client, provider)
    assert come_back(client, asked | {"state": "x" * 48}).status_code == 403
    # The flow is spent, even by a wrong answer.
    again = come_back(client, asked)
    assert again.status_code == 403
    assert "pris trop de temps" in again.text
    assert provider.asked_for("token") == 0


def test_nothing_is_believed_without_the_cookie_of_the_flow(client, provider):
    asked = leave(client, provider)
    client.cookies.clear()
    assert come_back(client, asked).status_code == 403
    client.cookies.set("rpe_openid", "forge")
    assert come_back(client, asked).status_code == 403


def test_an_answer_of_another_issuer_is_refused(client, provider):
    answer = through(client, provider, iss="https://autre.example")
    assert answer.status_code == 403
    assert provider.asked_for("token") == 0


def test_somebody_who_changes_her_mind_comes_back_to_the_sign_in_page(client, provider):
    answer = through(client, provider, code=None, error="access_denied")
    assert answer.status_code == 403
    assert "pas été acceptée" in answer.text
    assert "Se connecter avec Keycloak du Nord" in answer.text


def test_a_code_that_the_provider_refuses_opens_nothing(client, provider):
    assert through(client, provider, code="un-autre").status_code == 403
    provider.token_error = "invalid_client"
    assert "pas été acceptée" in through(client, provider).text


def test_the_flow_ends_after_ten_minutes(client, provider, monkeypatch):
    asked = leave(client, provider)
    later = time.time() + 11 * 60
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: later)
    assert "pris trop de temps" in come_back(client, asked).text


# ---- the provider is down -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["", " 502"])
@pytest.mark.parametrize("what", ["openid-configuration", "token", "keys", "userinfo"])
def test_a_provider_that_does_not_answer_is_a_clear_503(base, provider, what, kind):
    provider.claims = {"email": None}
    with opened(base, transport=provider.transport) as client:
        asked = leave(client, provider) if what != "openid-configuration" else None
        provider.down = {what + kind}
        if asked is not None:
            answer = come_back(client, asked)
        else:
            answer = client.get("/pro/openid", follow_redirects=False)
    assert answer.status_code == 503
    assert "Keycloak du Nord ne répond pas" in answer.text
    assert answer.headers["retry-after"] == "60"
    assert 'href="/pro/openid"' in answer.text  # what came back serves once: one begins anew


def test_a_provider_that_is_down_does_not_hold_anybody_in(client, provider):
    through(client, provider)
    provider.down = {"openid-configuration"}
    answer = client.post("/pro/sortie", data={"csrf": csrf_of(client)}, follow_redirects=False)
    assert answer.status_code in {200, 303}
    assert client.get("/pro/session").json() == {"reste": 0}


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://autre.example"}, {"token_endpoint": "http://idp.example/token"}],
)
def test_a_discovery_document_of_another_issuer_or_in_clear_is_not_used(base, metadata):
    provider = FakeProvider(metadata=metadata)
    with opened(base, transport=provider.transport) as client:
        assert client.get("/pro/openid").status_code == 503


# ---- around -------------------------------------------------------------------------------------------------------


def test_no_token_and_nobody_s_email_is_logged(client, provider, caplog):
    caplog.set_level(logging.DEBUG)
    through(client, provider)
    client.post("/pro/sortie", data={"csrf": csrf_of(client)})
    for lie in LIES.values():
        for name, value in lie.items():
            setattr(provider, name, value)
        through(client, provider)
        provider.claims, provider.key, provider.forge = {}, KEY, None
    written = "\n".join(
        f"{record.getMessage()} {record.__dict__.get('fields', '')}"
        for record in caplog.records
        if not record.name.startswith("httpx2")  # the client of the test itself
    )
    assert "openid: refused, ID token" in written
    for secret in (*provider.secrets, SECRET, "le-code", "nord.example", "agent-7"):
        assert secret.split(".")[0] not in written


def test_passwords_may_be_switched_off(base, provider):
    alone = base.model_copy(update={"passwords": False})
    with opened(alone, transport=provider.transport) as client:
        page = client.get("/pro/connexion").text
        assert "Se connecter avec Keycloak du Nord" in page
        assert "Mot de passe" not in page
        refused = sign_in(client, "agathe@nord.example")
        assert refused.status_code == 403
        assert "on se connecte avec Keycloak du Nord" in refused.text
        assert client.get("/pro/oubli").status_code == 404
        assert client.post("/pro/oubli", data={"email": "agathe@nord.example"}).status_code == 404
        assert through(client, provider).status_code == 303


def test_without_a_provider_there_is_no_such_page(tmp_path):
    with opened(make_settings(tmp_path)) as client:
        assert client.get("/pro/openid").status_code == 404
        assert client.get("/pro/openid/retour").status_code == 404


def test_settings_that_shut_everybody_out_are_refused(base):
    with pytest.raises(InputError) as refused:
        create_app(base.model_copy(update={"oidc_client_id": ""}))
    assert refused.value.code == "openid_incomplete"
    with pytest.raises(InputError) as refused:
        create_app(base.model_copy(update={"oidc_issuer": "", "passwords": False}))
    assert refused.value.code == "passwords_needed"
