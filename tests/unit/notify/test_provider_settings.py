"""The file that lists providers: what it makes, and that every fault of it is told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chassis.settings import Secret, SettingsError
from cli.servers.provider import ProviderServer, write_keys, write_providers_file
from services.notify.domain.message import Channel
from services.notify.gateways.providers import callback_secrets_of, providers_of
from services.notify.settings import NotifySettings, ProviderFile

CALLBACKS = "https://haven.example/callbacks"
TEXTING = """
[[sms]]
name = "east"
kind = "twilio"
url = "https://api.texts.example"
account = "AC01"
token_file = "token"
callback_url = "https://haven.example/callbacks"
sender = "+15550100"
"""


def settings(file: Path | None, **changes: Any) -> NotifySettings:
    values: dict[str, Any] = {
        "service": "notify",
        "env": "production",
        "amqp_uri": Secret("amqp://127.0.0.1"),
        "mongodb_uri": Secret("mongodb://127.0.0.1"),
        "tenants_file": Path("tenants.toml"),
        "jwks_uri": "https://id.example/jwks",
        "token_issuer": "https://id.example",
        "token_audience": "haven",
        "pki_dir": Path("pki"),
        "smtp_uri": Secret("smtp://mail.example"),
        "providers_file": file,
    }
    return NotifySettings(**{**values, **changes})


def written(folder: Path, content: str, *, token: str | None = "t-0-k-e-n") -> Path:
    if token is not None:
        (folder / "token").write_text(token)
    file = folder / "providers.toml"
    file.write_text(content)
    return file


def faults(file: Path | None, **changes: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        providers_of(settings(file, **changes))
    return str(refused.value)


def test_without_a_file_there_is_mail_alone() -> None:
    assert {channel: each.name for channel, each in providers_of(settings(None)).items()} == {
        Channel.EMAIL: "smtp"
    }


def test_a_listed_channel_is_configured_and_no_other(tmp_path: Path) -> None:
    made = providers_of(settings(written(tmp_path, TEXTING)))

    assert {channel: each.name for channel, each in made.items()} == {
        Channel.EMAIL: "smtp",
        Channel.SMS: "east",
    }


def test_the_local_stacks_file_configures_every_channel(tmp_path: Path) -> None:
    server = ProviderServer(tmp_path / "provider")
    write_keys(server)
    file = write_providers_file(tmp_path, [server], callback_url=CALLBACKS, tenants=["river"])

    assert set(providers_of(settings(file, env="local"))) == set(Channel)


def test_the_secrets_that_callbacks_are_signed_with_are_known_by_name(tmp_path: Path) -> None:
    found = callback_secrets_of(settings(written(tmp_path, TEXTING)))

    assert {name: secret.reveal() for name, secret in found.items()} == {"east": "t-0-k-e-n"}


def test_every_fault_is_told_at_once_and_no_value(tmp_path: Path) -> None:
    content = """
    [[sms]]
    name = "East"
    kind = "twilio"
    url = "ftp://secret.example"
    account = "AC01"
    callback_url = "https://haven.example"
    sender = "5550100"
    colour = "blue"
    [[pager]]
    name = "x"
    """
    told = faults(written(tmp_path, content))

    for place in ("sms[0].name", "sms[0].url", "sms[0].token_file", "sms[0].sender"):
        assert f"providers file: {place}: " in told
    assert "sms[0].colour" in told
    assert "pager" in told
    assert "secret.example" not in told
    assert "5550100" not in told


def test_faults_of_files_and_of_mail_are_told_together(tmp_path: Path) -> None:
    content = TEXTING + TEXTING.replace("sms", "voice").replace("east", "calls")
    told = faults(
        written(tmp_path, content, token=None),
        smtp_uri=Secret("http://mail.example"),
        smtp_fallback_uri=Secret("smtp://mail.example:x"),
    )

    assert told.count("FileNotFoundError") == 2
    assert "HAVEN_SMTP_URI: " in told
    assert "HAVEN_SMTP_FALLBACK_URI: " in told
    assert "mail.example" not in told


@pytest.mark.parametrize("content", ["[[sms]", "\udcff"])
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_bytes(content.encode(errors="surrogateescape"))

    assert "providers file: unreadable" in faults(file)
    assert "providers file: unreadable" in faults(tmp_path / "absent.toml")


def test_two_providers_of_one_name_could_not_be_told_apart(tmp_path: Path) -> None:
    file = written(tmp_path, TEXTING + TEXTING.replace("sms", "voice"))

    assert "east is named twice" in faults(file)


def test_the_names_of_mail_servers_are_taken(tmp_path: Path) -> None:
    assert "smtp is named twice" in faults(written(tmp_path, TEXTING.replace("east", "smtp")))


def test_more_than_three_providers_do_not_fit_into_an_attempt(tmp_path: Path) -> None:
    four = "".join(TEXTING.replace("east", f"east-{number}") for number in range(4))

    assert "providers file: sms: " in faults(written(tmp_path, four))


@pytest.mark.parametrize("what", ["url", "callback_url"])
def test_plaintext_is_for_this_machine_alone(tmp_path: Path, what: str) -> None:
    old = {"url": "https://api.texts.example", "callback_url": CALLBACKS}[what]

    def plain(host: str) -> Path:
        return written(tmp_path, TEXTING.replace(old, f"http://{host}"))

    assert f"east: {what}: https is needed" in faults(plain("127.0.0.1:81"))
    assert f"east: {what}: https is needed" in faults(plain("texts.example"), env="local")
    assert Channel.SMS in providers_of(settings(plain("127.0.0.1:81"), env="local"))


def test_an_empty_secret_is_none(tmp_path: Path) -> None:
    assert "east: a secret's file is empty" in faults(written(tmp_path, TEXTING, token=" \n"))


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        ("{}", "Field required"),
        ("[", "Invalid JSON"),
        (
            json.dumps(
                {
                    "project_id": "p",
                    "client_email": "h@p.example",
                    "private_key_id": "k",
                    "private_key": "not-a-key",
                    "token_uri": "https://tokens.example/",
                }
            ),
            "private_key is not a PEM private key",
        ),
    ],
)
def test_a_service_account_that_cannot_sign_stops_the_start(
    tmp_path: Path, account: str, fault: str
) -> None:
    (tmp_path / "firebase.json").write_text(account)
    content = '[[push]]\nname = "fcm"\nkind = "fcm"\naccount_file = "firebase.json"\n'
    told = faults(written(tmp_path, content))

    assert fault in told
    assert "not-a-key" not in told


def test_a_signing_secret_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "river").write_text("whsec_c2hvcnQ=")
    content = (
        '[[webhook]]\nname = "partners"\nkind = "webhook"\n'
        '[webhook.secret_files]\nriver = ["river"]\n'
    )
    told = faults(written(tmp_path, content))

    assert "24 to 64 bytes" in told
    assert "c2hvcnQ" not in told


def test_a_file_of_authorities_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    assert "ca_file" in faults(written(tmp_path, TEXTING + 'ca_file = "ca.pem"\n'))


def test_settings_print_no_secret(tmp_path: Path) -> None:
    file = written(tmp_path, TEXTING)

    assert "t-0-k-e-n" not in repr(providers_of(settings(file)))
    assert "t-0-k-e-n" not in repr(callback_secrets_of(settings(file)))
    assert "t-0-k-e-n" not in repr(ProviderFile.load(file))
