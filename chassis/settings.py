"""From the environment to one frozen dataclass, once, at start.

A field `grpc_address` of the service `intake` is read from HAVEN_INTAKE_GRPC_ADDRESS, else from
HAVEN_GRPC_ADDRESS; with the suffix _FILE the value is the content of that file. Every fault of
every field arrives in one SettingsError, which names variables and never values. No other module
reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar, cast, get_type_hints

from pydantic import AfterValidator, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic import Field as Bounds
from pydantic_core import core_schema

T = TypeVar("T")
FROM_SERVICE = MappingProxyType({"haven": "service"})  # defaults to the service's own name
FROM_PEERS = MappingProxyType({"haven": "peers"})  # collects HAVEN_<PEER>_INTERNAL_ADDRESS
PEER = re.compile(r"HAVEN_([A-Z]+)_INTERNAL_ADDRESS")
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")  # a length of time is given in seconds
HIGHEST_PORT = 65535


class SettingsError(Exception):
    """The process cannot start: each line names a variable and what is wrong with it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("settings are not usable:\n" + "\n".join(f"  {line}" for line in faults))
        self.faults = tuple(faults)


class Secret:
    """A value that prints as *** wherever it is shown; only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not serialized")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, handler(str))


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > HIGHEST_PORT:
        raise ValueError("an address is host:port")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """True where only this machine can reach the address."""
    host, _ = split_address(address)
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False  # a name may resolve to anything


def _checked_address(address: str) -> str:
    split_address(address)
    return address


Address = Annotated[str, AfterValidator(_checked_address)]
Count = Annotated[int, Bounds(ge=1)]
Pause = Annotated[float, Bounds(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Bounds(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True)
class ProcessSettings:
    """What every process of every service needs. Services add their own by inheritance."""

    service: str = field(default="", metadata=FROM_SERVICE)
    env: Literal["local", "production"] = "production"
    amqp_uri: Secret
    mongodb_uri: Secret
    database: str = field(default="", metadata=FROM_SERVICE)
    tenants_file: Path
    jwks_uri: str
    token_issuer: str
    token_audience: str
    # <dir>/ca.pem, <dir>/<service>.pem, <dir>/<service>-key.pem: the workload identity (mTLS).
    pki_dir: Path
    # The public address serves TLS where these are given; without them it stays on loopback.
    public_certificate_file: Path | None = None
    public_key_file: Path | None = None
    master_key_file: Path | None = None
    # A JSON file {"provider": ..., "credentials": {...}, "master_key": {...}} replaces the local
    # master key by a key management service.
    kms_file: Path | None = None
    grpc_address: Address = "127.0.0.1:0"
    internal_address: Address = "127.0.0.1:0"
    api_metrics_address: Address = "127.0.0.1:0"
    worker_metrics_address: Address = "127.0.0.1:0"
    relay_metrics_address: Address = "127.0.0.1:0"
    peers: Mapping[str, str] = field(default_factory=dict, metadata=FROM_PEERS)
    trace_export: str = "none"
    failpoints: str = ""
    # Calls that run at once; also the size of the Mongo pool. So many that urgent ones gather while
    # two groups of them are committed (store/group.py): they wait without a connection.
    executor_size: Count = 40
    # Calls that may wait for a free thread before new ones get SERVER_BUSY.
    executor_queue: Count = 256
    # On SIGTERM: first NOT_SERVING for this long, so that balancers look elsewhere; then running
    # calls have this long to end.
    drain_notice_seconds: Pause = 0.2
    drain_seconds: Seconds = 20.0

    @property
    def is_local(self) -> bool:
        """True on a developer's machine and in tests: what production must never allow."""
        return self.env == "local"


def environment() -> Mapping[str, str]:
    """This process's environment; the only door to it."""
    return os.environ


def load(cls: type[T], *, prefix: str, environ: Mapping[str, str] | None = None) -> T:
    """An instance of the frozen dataclass, read for the service named by `prefix`."""
    source = _Source(prefix, environment() if environ is None else environ)
    values = source.values_of(cls)
    if source.faults:
        raise SettingsError(sorted(source.faults))
    try:
        return cls(**values)
    except ValueError as error:  # a dataclass's own check across fields
        raise SettingsError([f"{cls.__name__}: {error}"]) from None


class _Source:
    """One reading of the environment for one service."""

    def __init__(self, prefix: str, environ: Mapping[str, str]) -> None:
        self._prefix, self._environ = prefix, environ
        self.faults: list[str] = []

    def values_of(self, cls: type) -> dict[str, Any]:
        if not is_dataclass(cls):
            raise TypeError("settings are read into a dataclass")
        hints = get_type_hints(cls, include_extras=True)
        found = (self._value(part, hints[part.name]) for part in fields(cls) if part.init)
        return dict(pair for pairs in found for pair in pairs)

    def _value(self, part: Field[Any], hint: Any) -> Iterator[tuple[str, Any]]:
        if is_dataclass(hint):
            nested = self.values_of(cast(type, hint))
            if not self.faults:
                yield part.name, cast(type, hint)(**nested)
            return
        if part.metadata.get("haven") == "peers":
            yield part.name, self._peers()
            return
        variable, text = self._text(part.name)
        if text is not None:
            yield from self._parsed(part.name, hint, variable, text)
        elif part.metadata.get("haven") == "service":
            yield part.name, self._prefix
        elif part.default is MISSING and part.default_factory is MISSING:
            self.faults.append(f"{variable}: required")

    def _text(self, name: str) -> tuple[str, str | None]:
        """The variable that speaks for the field, and its text."""
        general = f"HAVEN_{name.upper()}"
        for variable in (f"HAVEN_{self._prefix.upper()}_{name.upper()}", general):
            # An empty variable is one that was not set, as in most tools that pass them on.
            plain, path = self._environ.get(variable), self._environ.get(f"{variable}_FILE")
            if plain and path:
                self.faults.append(f"{variable}: given twice, by value and by _FILE")
                return variable, None
            if plain:
                return variable, plain
            if path:
                return f"{variable}_FILE", self._content(f"{variable}_FILE", path)
        return general, None

    def _content(self, variable: str, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{variable}: unreadable file ({type(error).__name__})")
            return None

    def _parsed(self, name: str, hint: Any, variable: str, text: str) -> Iterator[tuple[str, Any]]:
        try:
            is_seconds = hint is timedelta and NUMBER.fullmatch(text)
            yield name, adapter(hint).validate_python(float(text) if is_seconds else text)
        except ValidationError as error:
            self.faults += [f"{variable}: {line}" for line in reasons(error)]

    def _peers(self) -> Mapping[str, str]:
        peers: dict[str, str] = {}
        for variable, text in self._environ.items():
            if (match := PEER.fullmatch(variable)) is None:
                continue
            try:
                peers[match[1].lower()] = _checked_address(text)
            except ValueError as error:
                self.faults.append(f"{variable}: {error}")
        return MappingProxyType(peers)


@lru_cache(maxsize=512)
def adapter(hint: Any) -> TypeAdapter[Any]:
    """The validator of one type."""
    return TypeAdapter(hint)


def reasons(error: ValidationError) -> list[str]:
    """What is wrong, without the value that was given."""
    return [part["msg"] for part in error.errors(include_input=False, include_context=False)]
