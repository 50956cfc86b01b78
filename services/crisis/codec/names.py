"""Wire enums and the words of the domain, one table for each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from haven.crisis.v1 import crisis_pb2, events_pb2, follow_ups_pb2, person_queue_pb2, resources_pb2

from services.crisis.domain import follow_up, person_request
from services.crisis.domain.jurisdiction import NumberKind, WarnRule
from services.crisis.domain.record import State
from services.crisis.domain.safety_plan import SectionKind
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
SNOOZE_REASONS = _codes("SNOOZE_REASON", resources_pb2.SnoozeReason)
# ISO 8601 counts the days of a week as the wire does.
WEEKDAYS: Mapping[int, int] = MappingProxyType(
    {int(day): int(day) for day in resources_pb2.Weekday.values() if day}
)
PURPOSES = _codes("REVEAL_PURPOSE", crisis_pb2.RevealPurpose)
FOLLOW_UP_KINDS = _by_name("FOLLOW_UP_KIND", follow_ups_pb2.FollowUpKind, follow_up.Kind)
FOLLOW_UP_STATES = _by_name("FOLLOW_UP_STATE", follow_ups_pb2.FollowUpState, follow_up.State)
OUTCOMES = _by_name("FOLLOW_UP_OUTCOME", follow_ups_pb2.FollowUpOutcome, follow_up.Outcome)
OWNER_ROLES = _by_name("FOLLOW_UP_ROLE", follow_ups_pb2.FollowUpRole, follow_up.OwnerRole)
ALL_CANCEL_REASONS = _by_name(
    "FOLLOW_UP_CANCEL_REASON", follow_ups_pb2.FollowUpCancelReason, follow_up.CancelReason
)
# What a newer case or the patient's coming does, never a person.
OUTPUT_ONLY = frozenset({follow_up.CancelReason.SUPERSEDED, follow_up.CancelReason.PATIENT_CAME})
CANCEL_REASONS = MappingProxyType(
    {number: reason for number, reason in ALL_CANCEL_REASONS.items() if reason not in OUTPUT_ONLY}
)
NUMBER_KINDS = _by_name("LOCAL_NUMBER_KIND", resources_pb2.LocalNumberKind, NumberKind)
WARN_RULES = _by_name("DUTY_TO_WARN_RULE", resources_pb2.DutyToWarnRule, WarnRule)
SECTION_KINDS = _by_name(
    "SAFETY_PLAN_SECTION_KIND", resources_pb2.SafetyPlanSectionKind, SectionKind
)
PERSON_REQUEST_STATES = _by_name(
    "PERSON_REQUEST_STATE", person_queue_pb2.PersonRequestState, person_request.State
)

SEVERITY_NUMBERS = inverse(SEVERITIES)
STATE_NUMBERS = inverse(STATES)
SOURCE_NUMBERS = inverse(SOURCES)
ACT_KIND_NUMBERS = inverse(ACT_KINDS)
DISPOSITION_NUMBERS = inverse(DISPOSITIONS)
FOLLOW_UP_KIND_NUMBERS = inverse(FOLLOW_UP_KINDS)
FOLLOW_UP_STATE_NUMBERS = inverse(FOLLOW_UP_STATES)
OUTCOME_NUMBERS = inverse(OUTCOMES)
OWNER_ROLE_NUMBERS = inverse(OWNER_ROLES)
CANCEL_REASON_NUMBERS = inverse(ALL_CANCEL_REASONS)
NUMBER_KIND_NUMBERS = inverse(NUMBER_KINDS)
WARN_RULE_NUMBERS = inverse(WARN_RULES)
SECTION_KIND_NUMBERS = inverse(SECTION_KINDS)
PERSON_REQUEST_STATE_NUMBERS = inverse(PERSON_REQUEST_STATES)
WEEKDAY_NUMBERS: Mapping[int, Any] = inverse(WEEKDAYS)
