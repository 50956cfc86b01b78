"""Who may treat a person who sits in a state, at a time.

    authority(clinician, state, time) = active license of the state
                                      | compact privilege on an active home license
                                      | telehealth registration
                                      | temporary-practice grace

What the law looks at is where the patient sits, and authority must last for the whole session.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from chassis.errors import FailedPrecondition, Violation
from services.scheduling.domain.span import Span
from services.scheduling.domain.states import is_state, zone_of

LICENSE_STATE_MISMATCH = "LICENSE_STATE_MISMATCH"


class LicenseKind(StrEnum):
    """By what right."""

    LICENSE = "license"
    COMPACT_PRIVILEGE = "compact_privilege"
    TELEHEALTH_REGISTRATION = "telehealth_registration"
    TEMPORARY_PRACTICE = "temporary_practice"


@dataclass(frozen=True, slots=True)
class License:
    """One right to treat in one state, through its last day."""

    id: str
    kind: LicenseKind
    state: str
    effective_date: date
    expire_date: date
    home_state: str = ""
    revoke_time: datetime | None = None

    @property
    def span(self) -> Span:
        """When it is valid; empty where it was revoked before it began."""
        zone = zone_of(self.state)
        start = datetime.combine(self.effective_date, time(0), zone).astimezone(UTC)
        after_last = self.expire_date + timedelta(days=1)
        end = datetime.combine(after_last, time(0), zone).astimezone(UTC)
        return Span(start, min(end, self.revoke_time) if self.revoke_time else end)


@dataclass(frozen=True, slots=True)
class Lack:
    """Why there is no authority in a state; the date where a license ends or begins."""

    state: str
    reason: str
    date: date | None = None

    def __str__(self) -> str:
        when = f" on {self.date.isoformat()}" if self.date else ""
        return f"{self.state}: {PHRASES[self.reason]}{when}"


PHRASES = {
    "LICENSE_MISSING": "no license, privilege, registration or grace",
    "LICENSE_EXPIRED": "the license ends before the session does,",
    "LICENSE_NOT_YET_EFFECTIVE": "the license begins after the session does,",
    "LICENSE_REVOKED": "the license was revoked",
    "HOME_LICENSE_MISSING": "the privilege's home license is not active",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """A session's time, the licenses of the one who leads it, and where its patients sit."""

    span: Span
    licenses: Sequence[License]
    states: Collection[str]


def lack_of_authority(licenses: Iterable[License], state: str, span: Span) -> Lack | None:
    """None where the licenses give authority in the state for the whole time, or why not."""
    known = tuple(licenses)
    there = [each for each in known if each.state == state and is_state(state)]
    in_time = [each for each in there if each.span.holds(span)]
    if any(_stands(each, known, span) for each in in_time):
        return None
    if in_time:
        return Lack(state, "HOME_LICENSE_MISSING")
    if not there:
        return Lack(state, "LICENSE_MISSING")
    # The one that comes closest says most about what has to be done.
    closest = max(there, key=lambda each: (each.revoke_time is None, each.expire_date))
    if closest.revoke_time is not None:
        return Lack(state, "LICENSE_REVOKED")
    if span.start < closest.span.start:
        return Lack(state, "LICENSE_NOT_YET_EFFECTIVE", closest.effective_date)
    return Lack(state, "LICENSE_EXPIRED", closest.expire_date)


def states_of_authority(licenses: Iterable[License], span: Span) -> tuple[str, ...]:
    """The states in which the licenses give authority for the whole time, sorted."""
    known = tuple(licenses)
    states = {each.state for each in known}
    return tuple(sorted(each for each in states if lack_of_authority(known, each, span) is None))


def require_authority(leads: Sequence[Lead]) -> None:
    """Every lead must cover every patient's state; otherwise say what is missing or ends when."""
    lacks = [
        (lead.span.start, lack)
        for lead in leads
        for state in sorted(lead.states)
        if (lack := lack_of_authority(lead.licenses, state, lead.span)) is not None
    ]
    if lacks:
        raise _mismatch(lacks, sessions=len({start for start, _ in lacks}))


def _stands(license: License, known: Iterable[License], span: Span) -> bool:
    """A compact privilege is worth no more than the home license that it rests on."""
    if license.kind is not LicenseKind.COMPACT_PRIVILEGE:
        return True
    return any(
        each.kind is LicenseKind.LICENSE
        and each.state == license.home_state
        and each.span.holds(span)
        for each in known
    )


def _mismatch(lacks: Sequence[tuple[datetime, Lack]], *, sessions: int) -> FailedPrecondition:
    by_lack = sorted(lacks, key=lambda pair: (pair[1].state, pair[1].reason, pair[0]))
    distinct = [next(pairs)[1] for _, pairs in groupby(by_lack, key=lambda pair: pair[1])]
    metadata = {
        "states": ",".join(sorted({each.state for each in distinct})),
        "sessions": str(sessions),
        "first_start_time": min(start for start, _ in lacks).isoformat(),
    }
    if dates := [each.date for each in distinct if each.reason == "LICENSE_EXPIRED" and each.date]:
        metadata["license_expire_date"] = min(dates).isoformat()
    return FailedPrecondition(
        LICENSE_STATE_MISMATCH,
        "no authority to treat where a patient sits: " + "; ".join(str(each) for each in distinct),
        violations=[Violation("facilitator_id", each.reason, str(each)) for each in distinct],
        metadata=metadata,
    )
