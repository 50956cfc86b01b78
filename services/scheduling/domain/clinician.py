"""A clinician and the rights to treat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chassis.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Violation
from services.scheduling.domain.licensure import License, LicenseKind, states_of_authority
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.domain.span import Span
from services.scheduling.domain.states import is_state


class Profession(StrEnum):
    """The license's profession."""

    PSYCHOLOGIST = "psychologist"
    COUNSELOR = "counselor"
    SOCIAL_WORKER = "social_worker"
    MARRIAGE_FAMILY_THERAPIST = "marriage_family_therapist"
    NURSE = "nurse"
    PHYSICIAN = "physician"


# PSYPACT, Counseling Compact, Social Work Compact, NLC, IMLC; family therapists have none.
WITHOUT_COMPACT = frozenset({Profession.MARRIAGE_FAMILY_THERAPIST})


@dataclass(slots=True)
class Clinician:
    """Guards that licenses are well formed; they are never deleted, only ended."""

    id: str
    profession: Profession
    licenses: tuple[License, ...] = ()
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    patient_id: str = ""
    events: list[object] = field(default_factory=list)

    def add_license(self, license: License, policy: SchedulingPolicy) -> None:
        """Hold one more right to treat."""
        self._require_form(license)
        self._require_kind(license, policy)
        if any(_is_same_right(each, license) for each in self.licenses):
            raise AlreadyExists("LICENSE_ALREADY_HELD", "such a license covers some of these days")
        self.licenses = (*self.licenses, license)

    def revoke_license(self, license_id: str, now: datetime) -> None:
        """End a license now; what it covered before stays covered."""
        held = next((each for each in self.licenses if each.id == license_id), None)
        if held is None:
            raise NotFound("NOT_FOUND", "no such resource")
        if held.revoke_time is not None:
            raise FailedPrecondition("LICENSE_REVOKED", "the license is revoked already")
        ended = replace(held, revoke_time=now)
        self.licenses = tuple(ended if each is held else each for each in self.licenses)

    def states(self, span: Span) -> tuple[str, ...]:
        """Where the clinician may treat for the whole of that time."""
        return states_of_authority(self.licenses, span)

    def _require_form(self, license: License) -> None:
        for name, code in (("state", license.state), ("home_state", license.home_state)):
            if code and not is_state(code):
                raise _refused("STATE_UNKNOWN", name, "must be a state's two-letter code")
        if license.expire_date < license.effective_date:
            raise _refused("LICENSE_TERM_INVALID", "expire_date", "must not precede the first day")

    def _require_kind(self, license: License, policy: SchedulingPolicy) -> None:
        days = (license.expire_date - license.effective_date).days + 1
        is_compact = license.kind is LicenseKind.COMPACT_PRIVILEGE
        if is_compact and self.profession in WITHOUT_COMPACT:
            raise _refused("COMPACT_NOT_AVAILABLE", "kind", "the profession has no compact")
        if is_compact and not license.home_state:
            raise _refused("HOME_STATE_REQUIRED", "home_state", "a privilege rests on a license")
        if license.home_state and not is_compact:
            raise _refused("HOME_STATE_NOT_ALLOWED", "home_state", "belongs to a privilege only")
        is_grace = license.kind is LicenseKind.TEMPORARY_PRACTICE
        if is_grace and days > policy.temporary_practice_days_max:
            limit = policy.temporary_practice_days_max
            raise _refused("TEMPORARY_PRACTICE_TOO_LONG", "expire_date", f"at most {limit} days")


def _is_same_right(held: License, other: License) -> bool:
    return (
        held.revoke_time is None
        and (held.kind, held.state, held.home_state) == (other.kind, other.state, other.home_state)
        and held.span.overlaps(other.span)
    )


def _refused(reason: str, name: str, description: str) -> InvalidArgument:
    text = f"{name}: {description}"
    return InvalidArgument(reason, text, violations=[Violation(name, reason, description)])
