"""Wire enums and the words of the domain, one table for each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from haven.crisis.v1 import crisis_pb2, events_pb2, resources_pb2

from services.crisis.domain.case import State
from services.crisis.domain.signal import Severity, Source
from services.crisis.domain.timeline import ActKind

E = TypeVar("E", bound=Enum)


def _by_name(prefix: str, wire: Any, words: type[E]) -> Mapping[int, E]:
    """Members of both enums that share a name."""
    return MappingProxyType({wire.Value(f"{prefix}_{word.name}"): word for word in words})


def _codes(prefix: str, wire: Any) -> Mapping[int, str]:
    """Lower-case codes for wire values that the domain only records."""
    return MappingProxyType(
        {
            number: name.removeprefix(f"{prefix}_").lower()
            for name, number in wire.items()
            if number != 0
        }
    )


def inverse(mapping: Mapping[int, Any]) -> Mapping[Any, Any]:
    """From the domain to the wire."""
    return MappingProxyType({word: number for number, word in mapping.items()})


SEVERITIES = _by_name("SEVERITY", events_pb2.Severity, Severity)
STATES = _by_name("CASE_STATE", resources_pb2.CaseState, State)
SOURCES = _by_name("CASE_SOURCE", resources_pb2.CaseSource, Source)
ACT_KINDS = _by_name("CASE_ACT_KIND", resources_pb2.CaseActKind, ActKind)
CONTACT_METHODS = _codes("CONTACT_METHOD", resources_pb2.ContactMethod)
DISPOSITIONS = _codes("DISPOSITION", resources_pb2.Disposition)
# ISO 8601 counts the days of a week as the wire does.
WEEKDAYS: Mapping[int, int] = MappingProxyType(
    {int(day): int(day) for day in resources_pb2.Weekday.values() if day}
)
PURPOSES = _codes("REVEAL_PURPOSE", crisis_pb2.RevealPurpose)

SEVERITY_NUMBERS = inverse(SEVERITIES)
STATE_NUMBERS = inverse(STATES)
SOURCE_NUMBERS = inverse(SOURCES)
ACT_KIND_NUMBERS = inverse(ACT_KINDS)
DISPOSITION_NUMBERS = inverse(DISPOSITIONS)
WEEKDAY_NUMBERS: Mapping[int, Any] = inverse(WEEKDAYS)
