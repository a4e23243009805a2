"""What production refuses, and how a mail travels."""

from __future__ import annotations

import ssl
from contextlib import contextmanager

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from cryptography.fernet import Fernet

from rpe_geo.deployment.mailing import send_mail
from rpe_geo.deployment.production import require_safe_database, require_safe_secrets
from rpe_geo.desk.accounts import check_password
from rpe_geo.domain import Agrement, Childminder
from rpe_geo.errors import InputError, InvalidFile, ServiceUnavailable
from rpe_geo.messages import explain
from rpe_geo.settings import Settings
from rpe_geo.storage.repository import open_repository
from rpe_geo.storage.resealing import documents_in_clear, reseal_all
from rpe_geo.wiring import open_registry

STRONG = {
    "environment": "production",
    "secret_key": "vK3pQ9zX1mT7bR5wL2nY8cF4hJ6dS0aG",
    "masking_secret": "qW8eR2tY6uI0oP4aS1dF",
    "encryption_keys": Fernet.generate_key().decode(),
    "public_url": "https://relais.example",
}


def settings_of(**options: object) -> Settings:
    return Settings(_env_file=None, **(STRONG | options))


def test_strong_secrets_pass():
    require_safe_secrets(settings_of(api_token="mN7bV3cX9zL1kJ5hG2fD8sA4qW6eR0tY"))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"secret_key": "development"}, "default_secret"),
        ({"secret_key": "abcdefghijklmnopqrstuvwxyz0123456789"}, "default_secret"),
        ({"secret_key": "motdepassemotdepassemotdepassemotdepasse"}, "default_secret"),
        ({"masking_secret": "relaisrelaisrelais2026"}, "default_secret"),
        ({"api_token": "azertyuiopazertyuiopazertyuiopazertyuiop"}, "default_secret"),
        ({"api_token": "court"}, "default_secret"),
        ({"encryption_keys": None}, "encryption_keys_missing"),
        ({"public_url": "http://relais.example"}, "public_url_insecure"),
        ({"geoplateforme_url": "http://data.example"}, "service_address_insecure"),
        ({"oidc_issuer": "http://id.example", "oidc_client_id": "x"}, "service_address_insecure"),
    ],
)
def test_production_refuses_what_may_be_guessed_or_read_on_the_way(options, code):
    with pytest.raises(InputError) as caught:
        require_safe_secrets(settings_of(**options))
    assert caught.value.code == code
    assert len(explain(caught.value).splitlines()) == 1


def test_personal_data_in_clear_is_refused_until_it_is_sealed(tmp_path):
    path = str(tmp_path / "r.sqlite")
    before = open_repository(path)
    minder = Childminder("A", Agrement(3), name="Une Inventée", longitude=3.9, latitude=43.6)
    before.save(childminders=[minder])
    before.close()
    settings = settings_of(database_url=f"sqlite:///{path}")
    with pytest.raises(InputError) as caught:
        open_registry(settings)
    assert caught.value.code == "personal_data_in_clear"
    before = open_repository(path)
    assert reseal_all(before.engine, settings.fernet_keys) == 1
    assert documents_in_clear(before.engine) == 0
    before.close()
    repository = open_registry(settings)
    assert repository.childminders() == [minder]
    repository.close()
    assert b"Invent" not in (tmp_path / "r.sqlite").read_bytes()


def test_a_key_is_replaced_by_two_then_by_the_new_one(tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    path = str(tmp_path / "r.sqlite")
    minder = Childminder("A", Agrement(3), name="Une Inventée", longitude=3.9, latitude=43.6)
    repository = open_repository(path, encryption_keys=[old])
    repository.save(childminders=[minder])
    reseal_all(repository.engine, [new, old])
    repository.close()
    repository = open_repository(path, encryption_keys=[new])
    assert repository.childminders() == [minder]
    with pytest.raises(InputError):
        reseal_all(repository.engine, [old])
    assert repository.childminders() == [minder]
    repository.close()


@pytest.mark.postgis
def test_an_ordinary_role_is_accepted(empty_postgis_url):
    repository = open_repository(
        empty_postgis_url, encryption_keys=STRONG["encryption_keys"].split(",")
    )
    require_safe_database(repository.engine)
    repository.close()


def test_secrets_stand_in_files_and_credentials(tmp_path, monkeypatch):
    named = tmp_path / "key"
    named.write_text("from a file\n")
    monkeypatch.setenv("RPE_SECRET_KEY_FILE", str(named))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "RPE_MASKING_SECRET").write_text("a credential")
    settings = Settings(_env_file=None)
    assert settings.secret_key.get_secret_value() == "from a file"
    assert settings.masking_secret.get_secret_value() == "a credential"
    monkeypatch.setenv("RPE_SECRET_KEY", "a variable")
    assert Settings(_env_file=None).secret_key.get_secret_value() == "a variable"
    monkeypatch.delenv("RPE_SECRET_KEY")
    named.unlink()
    with pytest.raises(InvalidFile):
        Settings(_env_file=None)


@pytest.mark.parametrize(
    "password",
    ["motdepasse1234", "azertyuiop123", "Password12345!", "iloveyou123456", "relaisrelais2026"],
)
def test_passwords_that_are_tried_first_are_refused(password):
    with pytest.raises(InputError) as caught:
        check_password(password, email="agathe@relais.example")
    assert caught.value.code in {"password_common", "password_weak"}


def test_a_sentence_is_a_good_password():
    assert check_password("quatre lampes sous la neige", email="agathe@relais.example")


# ---- mail --------------------------------------------------------------------------------------------------------


class Box:
    def __init__(self):
        self.messages = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - named by the library
        self.messages.append(envelope)
        return "250 OK"


class _Tls(Controller):
    def __init__(self, handler, context):
        super().__init__(handler, hostname="127.0.0.1", port=0)
        self._context = context

    def factory(self):
        if self._context is None:
            return SMTP(self.handler)
        return SMTP(self.handler, tls_context=self._context, require_starttls=True)


@contextmanager
def mail_server(context=None):
    box = Box()
    controller = _Tls(box, context)
    # aiosmtpd looks whether it answers at the port it was given: let the system choose one first.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


@pytest.fixture
def authority():
    return trustme.CA()


def context_of(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def write(settings):
    return send_mail(settings, "famille@exemple.example", "Bonjour", "Un mot.")


def test_a_mail_travels_by_verified_tls(tmp_path, authority):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with mail_server(context_of(authority)) as (box, port):
        write(settings_of(smtp_url=f"smtp://127.0.0.1:{port}", smtp_ca_file=tmp_path / "ca.pem"))
    assert len(box.messages) == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(authority):
    with (
        mail_server(context_of(authority)) as (box, port),
        pytest.raises(ServiceUnavailable) as caught,
    ):
        write(settings_of(smtp_url=f"smtp://127.0.0.1:{port}"))
    assert caught.value.code == "mail_insecure"
    assert box.messages == []


def test_a_server_without_tls_is_refused_unless_that_is_said_in_words():
    with mail_server() as (box, port):
        with pytest.raises(ServiceUnavailable) as caught:
            write(settings_of(smtp_url=f"smtp://127.0.0.1:{port}"))
        assert caught.value.code == "mail_insecure"
        assert box.messages == []
        write(settings_of(smtp_url=f"smtp://127.0.0.1:{port}", smtp_plain=True))
    assert len(box.messages) == 1


def test_no_server_is_told():
    with pytest.raises(ServiceUnavailable) as caught:
        write(settings_of(smtp_url="smtp://127.0.0.1:9"))
    assert caught.value.code == "mail_failed"
