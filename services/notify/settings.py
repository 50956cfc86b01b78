"""What a process of notify reads from the environment, and from the file that lists providers.

    [[sms]]                                  # in the order of preference, at most three a channel
    name = "east"                            # in metrics and callback URLs; unique in the file
    kind = "twilio"
    url = "https://api.twilio.com"
    account = "AC..."
    token_file = "east-token"                # secrets are files, relative to this one
    callback_url = "https://haven.example/notify/callbacks"
    sender = "+15550100"
    senders = { river = "+15550101" }        # tenants with a number of their own

    [[voice]]                                # as sms

    [[push]]
    name = "fcm"
    kind = "fcm"
    account_file = "firebase.json"           # the service account's key file

    [[webhook]]
    name = "partners"
    kind = "webhook"
    [webhook.secret_files]                   # whsec_..., per tenant; two while one replaces another
    river = ["river-new", "river-old"]

A channel that is not listed is not configured. E-mail is: HAVEN_SMTP_URI, and where that server
does not take a mail, HAVEN_SMTP_FALLBACK_URI.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic import Field as Bounds

from chassis.settings import Address, ProcessSettings, Secret, SettingsError

# The mail servers' names; those of the settings' fields.
MAIL_SERVERS = ("smtp", "smtp-fallback")
MOST_PROVIDERS = 3  # of a channel: more would not fit into one attempt

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Number = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Sender = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-zA-Z]{32})$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$")]


@dataclass(frozen=True, kw_only=True)
class NotifySettings(ProcessSettings):
    """Waiting times and the sender are tenant policy; the providers are the deployment's."""

    # smtp[s]://[user:password@]host[:port]; only the relay connects to it.
    smtp_uri: Secret
    # Tried where the first one does not take a mail.
    smtp_fallback_uri: Secret | None = None
    # Providers of the other channels; without it there are none.
    providers_file: Path | None = None
    # Where the api serves one-time pages and providers' callbacks. Beyond loopback it serves TLS
    # with the public certificate.
    http_address: Address = "127.0.0.1:0"
    # What people and providers reach that address by: https://messages.example. Without it no
    # mail holds a link.
    public_url: str = ""


@dataclass(frozen=True, kw_only=True)
class _Texting:
    """A REST API of Twilio's form."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    kind: Literal["twilio"]
    url: Url
    account: AccountId
    token_file: Path
    # What the provider reaches notify's callbacks by.
    callback_url: Url
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class TwilioSms(_Texting):
    """Texts, from a number or a messaging service."""

    sender: Sender
    senders: Mapping[str, Sender] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TwilioVoice(_Texting):
    """Calls, from a number."""

    sender: Number
    senders: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fcm:
    """Firebase Cloud Messaging."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    kind: Literal["fcm"]
    account_file: Path
    url: Url = "https://fcm.googleapis.com"
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """Partners' own servers."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    kind: Literal["webhook"]
    secret_files: Mapping[str, Annotated[Sequence[Path], Bounds(min_length=1, max_length=2)]]
    ca_file: Path | None = None


Listed: TypeAlias = TwilioSms | TwilioVoice | Fcm | Webhooks


@dataclass(frozen=True, kw_only=True)
class ProviderFile:
    """The providers of each channel in the order of preference."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    sms: Annotated[tuple[TwilioSms, ...], Bounds(max_length=MOST_PROVIDERS)] = ()
    voice: Annotated[tuple[TwilioVoice, ...], Bounds(max_length=MOST_PROVIDERS)] = ()
    push: Annotated[tuple[Fcm, ...], Bounds(max_length=MOST_PROVIDERS)] = ()
    webhook: Annotated[tuple[Webhooks, ...], Bounds(max_length=1)] = ()

    @classmethod
    def load(cls, path: Path) -> ProviderFile:
        """Read the file; every fault of its form in one SettingsError, which repeats no value."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError([f"providers file: unreadable ({type(error).__name__})"]) from None
        try:
            found: ProviderFile = TypeAdapter(cls).validate_python(content)
        except ValidationError as error:
            raise SettingsError(sorted(_faults(error))) from None
        names = [*MAIL_SERVERS, *(each.name for each in found.listed)]
        if twice := {name for name in names if names.count(name) > 1}:
            raise SettingsError(
                [f"providers file: {name} is named twice" for name in sorted(twice)]
            )
        return found

    @property
    def listed(self) -> Sequence[Listed]:
        """All of them."""
        return (*self.sms, *self.voice, *self.push, *self.webhook)


def _faults(error: ValidationError) -> Iterator[str]:
    for part in error.errors(include_input=False, include_context=False):
        place = "".join(_step(step) for step in part["loc"]).removeprefix(".")
        yield f"providers file: {place}: {part['msg']}"


def _step(step: Any) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"
