"""What a process of sessions may be told about browsers."""

from __future__ import annotations

import pytest

from chassis.settings import SettingsError, load
from services.sessions.settings import SessionsSettings

NEEDED = {
    "HAVEN_AMQP_URI": "amqp://nowhere",
    "HAVEN_MONGODB_URI": "mongodb://nowhere",
    "HAVEN_TENANTS_FILE": "tenants.toml",
    "HAVEN_JWKS_URI": "file:///jwks.json",
    "HAVEN_TOKEN_ISSUER": "https://login.haven.test",
    "HAVEN_TOKEN_AUDIENCE": "haven",
    "HAVEN_PKI_DIR": "pki",
}
VARIABLE = "HAVEN_SESSIONS_ALLOWED_ORIGINS"


def settings(**more: str) -> SessionsSettings:
    return load(SessionsSettings, prefix="sessions", environ={**NEEDED, **more})


def test_no_page_may_open_sockets_unless_it_is_listed() -> None:
    assert settings().origins == frozenset()


def test_origins_are_listed_with_commas() -> None:
    listed = "https://app.example, http://127.0.0.1:5173,"
    assert settings(**{VARIABLE: listed}).origins == {
        "https://app.example",
        "http://127.0.0.1:5173",
    }


@pytest.mark.parametrize(
    "listed",
    [
        "*",
        "null",
        "app.example",
        "https://App.example",
        "https://app.example/",
        "https://*.example",
    ],
)
def test_what_no_browser_names_as_an_origin_stops_the_start(listed: str) -> None:
    with pytest.raises(SettingsError, match=VARIABLE):
        settings(**{VARIABLE: f"https://app.example,{listed}"})
