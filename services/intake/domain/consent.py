"""What the patient agreed to, in which words, until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, Violation


class ConsentScope(Enum):
    """What is agreed to."""

    TREATMENT = "treatment"
    TELEHEALTH = "telehealth"
    GROUP_PARTICIPATION = "group_participation"
    MESSAGING = "messaging"
    PART2_DISCLOSURE = "part2_disclosure"
    FAMILY_PARTICIPATION = "family_participation"


@dataclass(frozen=True, slots=True)
class Part2Elements:
    """What 42 CFR 2.31 asks a disclosure consent to say, as codes of the signed text's choices."""

    discloser: str = ""
    information: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    purpose: str = ""
    # "none", "end_of_treatment" or "date".
    end: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """One signed consent."""

    id: str
    scope: ConsentScope
    text_version: str
    recorder_id: str
    sign_time: datetime
    expire_time: datetime | None = None
    revoke_time: datetime | None = None
    # A newer consent of the same scope took its place.
    supersede_time: datetime | None = None
    part2_elements: Part2Elements = Part2Elements()

    def is_in_force(self, now: datetime) -> bool:
        """Signed; neither revoked, superseded nor expired."""
        expired = self.expire_time is not None and self.expire_time <= now
        return not (expired or self.revoke_time or self.supersede_time)

    def revoked(self, now: datetime) -> Consent:
        """The consent, ended."""
        if self.revoke_time is not None:
            raise FailedPrecondition("CONSENT_REVOKED", "the consent was revoked before")
        if self.supersede_time is not None:
            raise FailedPrecondition("CONSENT_SUPERSEDED", "revoke the newer one of its scope")
        return replace(self, revoke_time=now)

    def superseded_by(self, newer: Consent) -> Consent:
        """The consent as it stands after a newer one was signed."""
        if newer.scope is not self.scope or self.revoke_time or self.supersede_time:
            return self
        return replace(self, supersede_time=newer.sign_time)

    def check(self, now: datetime) -> None:
        """Refuse a consent that was never one: expired at signing, or without what Part 2 asks."""
        faults = []
        if self.expire_time is not None and self.expire_time <= now:
            faults.append(Violation("expire_time", "OUT_OF_RANGE", "must lie ahead"))
        if self.scope is ConsentScope.PART2_DISCLOSURE:
            faults += _part2_faults(self)
        if faults:
            raise InvalidArgument("FIELDS_INVALID", "consent at fault", violations=faults)


def consent_of(consents: Iterable[Consent], consent_id: str) -> Consent:
    """The consent of this id; NotFound("CONSENT_UNKNOWN") without one."""
    for consent in consents:
        if consent.id == consent_id:
            return consent
    raise NotFound("CONSENT_UNKNOWN", "the patient has no consent of this id")


def _part2_faults(consent: Consent) -> list[Violation]:
    elements = consent.part2_elements
    missing = [
        name
        for name in ("discloser", "information", "recipients", "purpose", "end")
        if not getattr(elements, name)
    ]
    if elements.end == "date" and consent.expire_time is None:
        missing.append("expire_time")
    text = "42 CFR 2.31 requires it"
    return [Violation(f"part2_elements.{name}", "PART2_ELEMENT_MISSING", text) for name in missing]
