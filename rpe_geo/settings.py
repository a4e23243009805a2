"""The settings: one frozen object, built once at the edge from `RPE_…` variables or a `.env` file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from rpe_geo.errors import InvalidFile, Where

__all__ = ["Settings", "user_data_folder"]


def user_data_folder() -> Path:
    """Name the folder where this user's registry lives when no database is set."""
    return user_data_path("rpe_geo", appauthor=False)


class NamedFiles(PydanticBaseSettingsSource):
    """
    Values that stand in files: `RPE_SECRET_KEY_FILE=/run/secrets/key`, or a credential of systemd named `RPE_SECRET_KEY`.

    A file holds the value alone; white space around it is dropped. A named file that cannot be read stops the start.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Read the value of one field, None when no file has it."""
        del field
        name = f"RPE_{field_name.upper()}"
        named = os.environ.get(f"{name}_FILE")
        if named:
            try:
                return Path(named).read_text(encoding="utf-8").strip(), field_name, False
            except OSError as error:
                where = Where(file=named)
                raise InvalidFile("file_unreadable", where=where, reason=error.strerror) from None
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        for spelling in (name, name.lower()) if credentials else ():
            path = Path(str(credentials)) / spelling
            if path.is_file():
                return path.read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read every field that a file has."""
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value is not None}


class Settings(BaseSettings):
    """What a deployment decides; each field is the variable `RPE_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="RPE_", env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    database_url: str = Field(
        default_factory=lambda: f"sqlite:///{user_data_folder() / 'registry.sqlite'}",
        description="SQLite file (embedded) or postgresql+psycopg://… for PostGIS.",
    )
    rpe_id: str = Field(
        default="rpe", description="Whose registry, where a database holds several RPE."
    )
    encryption_keys: SecretStr | None = Field(
        default=None,
        description="Fernet keys for personal data, separated by commas: the first closes, all open.",
    )
    backup_database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL address of a role that reads every row (superuser or BYPASSRLS), for backups only.",
    )
    territory: Path | None = Field(
        default=None, description="Folder of the territory, made by rpe-geo territory build."
    )
    geocoder: Literal["local", "geoplateforme"] = Field(
        default="local", description="Where addresses are looked up."
    )
    geoplateforme_url: str = Field(
        default="https://data.geopf.fr/geocodage", description="Base address of the Géoplateforme."
    )
    travel_engine: Literal["street", "straight_line"] = Field(
        default="street", description="How travel times are computed."
    )
    tiles_url: str = Field(
        default=(
            "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2"
            "&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
        ),
        description="Base map tiles; empty for none: the territory's own streets are always drawn beneath.",
    )
    tiles_attribution: str = Field(
        default="© IGN – Plan IGN", description="Credit of the base map."
    )
    api_token: SecretStr | None = Field(
        default=None,
        description="Bearer token of the professional API; without it the API answers the public models only.",
    )
    masking_secret: SecretStr = Field(
        default=SecretStr("development"),
        description="Key that draws the centres of masked zones; change it before going online, then never again.",
    )
    environment: Literal["development", "production"] = Field(
        default="development",
        description="In production the service refuses to start with default or short secrets, or without HTTPS.",
    )
    secret_key: SecretStr = Field(
        default=SecretStr("development"),
        description="Key that signs the links sent to people and seals what a browser keeps for us.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="Address of the service, for links in mails."
    )
    relais_name: str = Field(
        default="Relais petite enfance", description="Name of the relais, on every page."
    )
    relais_phone: str = Field(default="", description="Telephone of the relais, for families.")
    relais_address: str = Field(
        default="", description="Postal address of the relais, in its legal notice."
    )
    legal_publisher: str = Field(
        default="",
        description="Who runs the relais and answers for what is published: commune, EPCI, association; its director.",
    )
    legal_host: str = Field(
        default="",
        description="Who hosts the service, with address and telephone; in the legal notice.",
    )
    privacy_contact: str = Field(
        default="",
        description="Whom a family asks about her data: data protection officer, mail or postal address.",
    )
    mail_from: str = Field(
        default="relais@localhost", description="Sender of the mails of the service."
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="smtp://user:password@host:587 (STARTTLS, required) or smtps://…:465; without it mails go to `outbox`.",
    )
    smtp_plain: bool = Field(
        default=False,
        description="Whether mails may go in clear to a server without TLS; only for a server on this machine.",
    )
    smtp_ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) by which the mail server is known, where the system's do not do.",
    )
    sources_cache: Path = Field(
        default_factory=lambda: user_data_folder() / "sources",
        description="Where files of official services are kept; the folder can be carried to a machine without network.",
    )
    sources_mirror: str = Field(
        default="",
        description="Address that stands for all official services: https://mirror.example, or with {host} and {path} in it.",
    )
    column_memory: Path = Field(
        default_factory=lambda: user_data_folder() / "columns.json",
        description="Which columns were told of lists to import: used again for lists with the same titles.",
    )
    outbox: Path = Field(
        default_factory=lambda: user_data_folder() / "outbox",
        description="Folder where mails are written when no mail server is set.",
    )
    observatory: Path | None = Field(
        default=None,
        description=(
            "Folder written by rpe-geo observatory build, or one that holds several (years, territories): "
            "for the observatory's page and /coverage."
        ),
    )
    max_body_kb: int = Field(default=256, ge=1, description="Largest request body accepted, in kB.")
    requests_per_minute: int = Field(
        default=240,
        ge=0,
        description="What one client may ask the API, or search in the pages, in a minute; 0 for no limit.",
    )
    forms_per_minute: int = Field(
        default=20,
        ge=0,
        description=(
            "How often one client may send a request, sign in or ask for a new password in a minute; 0 for no limit."
        ),
    )

    session_minutes: int = Field(
        default=120,
        ge=5,
        le=720,
        description="How long a session lasts without being used; twelve hours in all at most.",
    )
    allowed_hosts: str = Field(
        default="",
        description=(
            "In production, names by which the service may be asked beside that of public_url, separated by commas."
        ),
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description=(
            "Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by "
            "commas; empty for none."
        ),
    )
    passwords: bool = Field(
        default=True,
        description="Whether one may sign in by a password; false leaves OpenID Connect alone.",
    )
    oidc_issuer: str = Field(
        default="",
        description="Issuer of an OpenID Connect provider (ProConnect, Keycloak…); empty for none.",
    )
    oidc_client_id: str = Field(default="", description="Name of this service at the provider.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there; without one the service is a public client."
    )
    oidc_label: str = Field(
        default="mon identité professionnelle",
        description="What the button says after « Se connecter avec ».",
    )
    oidc_scope: str = Field(
        default="openid email profile", description="What is asked of the provider."
    )
    oidc_pkce: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Whether PKCE is used; auto: when the provider's discovery document offers S256.",
    )
    oidc_email_trusted: bool = Field(
        default=False,
        description="Whether every e-mail of the provider counts as verified, where it sends no email_verified.",
    )
    oidc_role_claim: str = Field(
        default="",
        description=(
            "Claim with values « RPE:role » by which an account is made at the first sign-in; empty: administrators "
            "make every account."
        ),
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read, first that says something wins: arguments, variables, files named by `…_FILE`, credentials, `.env`."""
        return (
            init_settings,
            env_settings,
            NamedFiles(settings_cls),
            dotenv_settings,
            file_secret_settings,
        )

    @property
    def fernet_keys(self) -> tuple[str, ...]:
        """The keys of `encryption_keys`, one by one."""
        if self.encryption_keys is None:
            return ()
        keys = self.encryption_keys.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    def override(self, **options: object) -> Settings:
        """Return these settings with the options that a command was given; None leaves a setting as it is."""
        given = {name: value for name, value in options.items() if value is not None}
        return Settings.model_validate(self.model_dump() | given) if given else self
