"""From settings to what carries each channel's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from chassis.settings import Secret, SettingsError, adapter, is_loopback, reasons
from services.notify.domain.message import Channel
from services.notify.gateways.callbacks import TwilioCallbacks
from services.notify.gateways.calling import Caller, Place
from services.notify.gateways.failover import BoundedProvider, Failover
from services.notify.gateways.fcm import FcmPush
from services.notify.gateways.google_token import AccessTokens, ServiceAccount, checked
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider, SmtpServer
from services.notify.gateways.twilio import Account, TwilioCalls, TwilioTexts
from services.notify.gateways.webhook import WebhookProvider, signing_key
from services.notify.ports import Provider
from services.notify.ports.callbacks import Callbacks
from services.notify.settings import (
    MAIL_SERVERS,
    Fcm,
    NotifySettings,
    ProviderFile,
    TwilioSms,
    TwilioVoice,
    Webhooks,
)

T = TypeVar("T")
NONE = ProviderFile()


def providers_of(settings: NotifySettings) -> Mapping[Channel, Provider]:
    """What carries each configured channel; every fault of every provider in one SettingsError."""
    made = _Making(settings)
    chains: dict[Channel, Sequence[BoundedProvider | None]] = {
        Channel.EMAIL: list(made.mailers()),
        Channel.SMS: [made.texts(each) for each in made.file.sms],
        Channel.VOICE: [made.calls(each) for each in made.file.voice],
        Channel.PUSH: [made.push(each) for each in made.file.push],
        Channel.WEBHOOK: [made.webhooks(each) for each in made.file.webhook],
    }
    if made.faults:
        raise SettingsError(made.faults)
    whole = {channel: [each for each in chain if each] for channel, chain in chains.items()}
    return MappingProxyType({channel: Failover(each) for channel, each in whole.items() if each})


def callback_secrets_of(settings: NotifySettings) -> Mapping[str, Secret]:
    """By a provider's name what its callbacks are signed with."""
    made = _Making(settings)
    texting = (*made.file.sms, *made.file.voice)
    found = {each.name: made.secret(each.name, each.token_file) for each in texting}
    if made.faults:
        raise SettingsError(made.faults)
    return MappingProxyType({name: secret for name, secret in found.items() if secret})


def callbacks_of(settings: NotifySettings) -> Mapping[str, Callbacks]:
    """By a provider's name what it calls back with."""
    secrets = callback_secrets_of(settings)
    file = _Making(settings).file
    return MappingProxyType(
        {
            each.name: TwilioCallbacks(each.callback_url.rstrip("/"), secrets[each.name])
            for each in (*file.sms, *file.voice)
        }
    )


class _Making:
    """Makes providers and remembers what was wrong with their settings."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self.faults: list[str] = []
        self._callers: dict[Path | None, Caller | None] = {}
        self.file, self._folder = NONE, Path()
        if path := settings.providers_file:
            self._folder = path.parent
            self.file = self._tried("", lambda: ProviderFile.load(path)) or NONE

    def mailers(self) -> Iterator[BoundedProvider | None]:
        uris = (self._settings.smtp_uri, self._settings.smtp_fallback_uri)
        for name, uri in zip(MAIL_SERVERS, uris, strict=True):
            if uri is not None:
                yield self._mailer(name, uri.reveal())

    def texts(self, listed: TwilioSms) -> BoundedProvider | None:
        account, caller = self._account(listed), self._caller(listed.name, listed.ca_file)
        return TwilioTexts(account, caller) if account and caller else None

    def calls(self, listed: TwilioVoice) -> BoundedProvider | None:
        account, caller = self._account(listed), self._caller(listed.name, listed.ca_file)
        return TwilioCalls(account, caller) if account and caller else None

    def push(self, listed: Fcm) -> BoundedProvider | None:
        caller = self._caller(listed.name, listed.ca_file)
        place = self._place(listed.name, "url", listed.url)
        account = self._service_account(listed)
        if not (caller and place and account):
            return None
        tokens = AccessTokens(account, caller)
        return FcmPush(listed.name, place, account.project_id, tokens, caller)

    def webhooks(self, listed: Webhooks) -> BoundedProvider | None:
        caller = self._caller(listed.name, listed.ca_file)
        keys = {
            tenant_id: [key for path in paths if (key := self._key(listed.name, path))]
            for tenant_id, paths in listed.secret_files.items()
        }
        if caller is None:
            return None
        is_local = self._settings.is_local
        return WebhookProvider(listed.name, keys, caller, is_local=is_local)

    def secret(self, name: str, path: Path) -> Secret | None:
        """What the file holds."""
        text = self._tried(name, lambda: (self._folder / path).read_text(encoding="utf-8").strip())
        if text == "":
            self.faults.append(f"providers file: {name}: a secret's file is empty")
        return Secret(text) if text else None

    def _mailer(self, name: str, uri: str) -> BoundedProvider | None:
        setting = f"HAVEN_{name.upper().replace('-', '_')}_URI"
        server = self._tried(name, lambda: SmtpServer.of(uri, setting=setting))
        return SmtpProvider(name, SmtpMailer(server)) if server else None

    def _account(self, listed: TwilioSms | TwilioVoice) -> Account | None:
        token = self.secret(listed.name, listed.token_file)
        place = self._place(listed.name, "url", listed.url)
        callbacks = self._place(listed.name, "callback_url", listed.callback_url)
        if not (token and place and callbacks):
            return None
        return Account(
            name=listed.name,
            place=place,
            account=listed.account,
            token=token,
            callback_url=listed.callback_url.rstrip("/"),
            sender=listed.sender,
            senders=listed.senders,
        )

    def _service_account(self, listed: Fcm) -> ServiceAccount | None:
        path = self._folder / listed.account_file
        account = self._tried(
            listed.name,
            lambda: adapter(ServiceAccount).validate_json(path.read_bytes()),
        )
        if account is None or not self._place(listed.name, "token_uri", account.token_uri):
            return None
        return self._tried(listed.name, lambda: checked(account))

    def _key(self, name: str, path: Path) -> bytes | None:
        if (secret := self.secret(name, path)) is None:
            return None
        return self._tried(name, lambda: signing_key(secret.reveal()))

    def _place(self, name: str, what: str, url: str) -> Place | None:
        place = self._tried(f"{name}: {what}", lambda: Place.of(url))
        if place and place.scheme == "http" and not self._may_be_plain(place):
            self.faults.append(f"providers file: {name}: {what}: https is needed")
            return None
        return place

    def _may_be_plain(self, place: Place) -> bool:
        return self._settings.is_local and is_loopback(f"{place.host}:{place.port}")

    def _caller(self, name: str, authorities: Path | None) -> Caller | None:
        path = self._folder / authorities if authorities else None
        if path not in self._callers:  # to load the authorities takes a while
            self._callers[path] = self._tried(f"{name}: ca_file", lambda: Caller(path))
        return self._callers[path]

    def _tried(self, name: str, make: Callable[[], T]) -> T | None:
        """What is made; None, and a fault that repeats no value, where it cannot be."""
        try:
            return make()
        except SettingsError as error:
            self.faults += error.faults
        except ValidationError as error:
            self.faults += [f"providers file: {name}: {line}" for line in reasons(error)]
        except OSError as error:
            self.faults.append(f"providers file: {name}: unreadable ({type(error).__name__})")
        except ValueError as error:
            self.faults.append(f"providers file: {name}: {error}")
        return None
