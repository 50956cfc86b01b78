"""Tenants and their numbers.

A TOML file: `[tenants.<id>]` holds the name, `[tenants.<id>.<service>]` that service's policy.
A policy is a frozen dataclass with defaults; durations are numbers of seconds. A key that the
dataclass does not know stops the process at start: a mistyped limit must not become a default.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from pydantic import ValidationError

from chassis.errors import HavenError, PermissionDenied
from chassis.settings import SettingsError, adapter, reasons

P = TypeVar("P")
TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


class Tenants:
    """The provider organizations that this deployment serves."""

    def __init__(self, sections: Mapping[str, Mapping[str, Any]]) -> None:
        self._sections = {tenant: dict(section) for tenant, section in sections.items()}
        self._policies: dict[tuple[str, str, type], Any] = {}

    @classmethod
    def load(cls, path: Path) -> Tenants:
        """Read the file; every fault of its form in one SettingsError."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError([f"tenants file: unreadable ({type(error).__name__})"]) from error
        faults = [f"tenants file: unknown section {key}" for key in content if key != "tenants"]
        sections = content.get("tenants", {})
        if not isinstance(sections, dict) or not sections:
            raise SettingsError([*faults, "tenants file: no tenants"])
        for tenant, section in sections.items():
            faults += _form_faults(tenant, section)
        if faults:
            raise SettingsError(faults)
        return cls(sections)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all tenants."""
        return frozenset(self._sections)

    def require(self, tenant_id: str) -> str:
        """The id itself, if such a tenant exists."""
        if tenant_id not in self._sections:
            raise PermissionDenied("TENANT_UNKNOWN", "this deployment does not serve the tenant")
        return tenant_id

    def name(self, tenant_id: str) -> str:
        """The organization's name as people read it."""
        return str(self._sections[self.require(tenant_id)].get("name", tenant_id))

    def policy(self, tenant_id: str, service: str, cls: type[P]) -> P:
        """The tenant's numbers for one service; made once, the same object afterwards."""
        key = (self.require(tenant_id), service, cls)
        if key not in self._policies:
            values, faults = _parsed(cls, self._sections[tenant_id].get(service, {}))
            made = None if faults else _built(cls, values, faults)
            if faults:
                raise SettingsError([f"tenants.{tenant_id}.{service}.{line}" for line in faults])
            self._policies[key] = made
        return cast(P, self._policies[key])

    def check(self, service: str, cls: type[P]) -> None:
        """Read every tenant's policy now, so that a fault stops the start and not a call."""
        faults: list[str] = []
        for tenant_id in sorted(self._sections):
            try:
                self.policy(tenant_id, service, cls)
            except SettingsError as error:
                faults += error.faults
        if faults:
            raise SettingsError(faults)


def _form_faults(tenant: str, section: Any) -> list[str]:
    if not TENANT_ID.fullmatch(tenant):
        return [f"tenants.{tenant}: an id is lower-case letters, digits and dashes"]
    if not isinstance(section, dict):
        return [f"tenants.{tenant}: not a section"]
    known = {"name"} | {key for key, value in section.items() if isinstance(value, dict)}
    return [f"tenants.{tenant}.{key}: unknown" for key in section if key not in known]


def _parsed(cls: type, section: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values and faults of a section read as the dataclass; nested dataclasses are sections."""
    assert is_dataclass(cls)
    hints, names = get_type_hints(cls, include_extras=True), {part.name for part in fields(cls)}
    faults = [f"{key}: unknown" for key in section if key not in names]
    values: dict[str, Any] = {}
    for name in names & section.keys():
        value, found = _value(hints[name], section[name])
        faults += [f"{name}{'' if line.startswith(':') else '.'}{line}" for line in found]
        values[name] = value
    return values, faults


def _value(hint: Any, raw: Any) -> tuple[Any, list[str]]:
    if is_dataclass(hint) and isinstance(raw, dict):
        values, faults = _parsed(cast(type, hint), raw)
        return (None if faults else _built(cast(type, hint), values, faults)), faults
    if isinstance(raw, bool) and hint is not bool:
        return None, [": a number or a text is expected"]  # true is not the number 1
    try:
        return adapter(hint).validate_python(raw), []
    except ValidationError as error:
        return None, [f": {line}" for line in reasons(error)]


def _built(cls: type[P], values: Mapping[str, Any], faults: list[str]) -> P | None:
    try:
        return cls(**values)
    except (TypeError, ValueError, HavenError) as error:  # its own checks across fields
        faults.append(f"{cls.__name__}: {error}")
        return None
