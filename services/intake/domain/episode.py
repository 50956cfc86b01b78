"""One patient's episode of care, from referral to discharge.

All evidence of the admission gate lives in this one aggregate: whatever changes between a look at
the gates and the admission itself makes the slower of the two start again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, Violation
from services.intake.domain.admission import REFUSALS, TRANSITIONS, AdmissionState
from services.intake.domain.consent import Consent, consent_of
from services.intake.domain.evidence import (
    Attestation,
    AttestationTopic,
    Disposition,
    EmergencyContact,
    GateOverride,
    Location,
    PlaceCheck,
    ReferralUp,
    Risk,
    Signature,
)
from services.intake.domain.facts import (
    CarePlanWasActivated,
    ConsentWasRecorded,
    ConsentWasRevoked,
    EmergencyContactWasRecorded,
    LocationWasRecorded,
    PatientWasAdmitted,
    PatientWasDischarged,
)
from services.intake.domain.gates import (
    NEVER_OVERRIDDEN,
    Gate,
    GateFinding,
    GateRules,
    GateState,
    judge,
    referral_up_reasons,
)
from services.intake.domain.level_of_care import LevelOfCare
from services.intake.domain.referral import Payer, Track

CLINICAL_GATES_OF = {
    AttestationTopic.PARTICIPATION: Gate.PARTICIPATION,
    AttestationTopic.SYMPTOMS_CONTROLLED: Gate.SYMPTOMS_CONTROLLED,
    AttestationTopic.MEDICAL_STABILITY: Gate.MEDICAL_STABILITY,
}


@dataclass(kw_only=True)
class Episode:
    """The evidence, the decisions and the state of one admission."""

    id: str
    patient_id: str
    referral_id: str
    track: Track
    payer: Payer
    time_zone: str
    create_time: datetime
    state: AdmissionState = AdmissionState.PENDING
    # Every result and every attestation is kept; the newest stands.
    levels_of_care: list[LevelOfCare] = field(default_factory=list)
    all_attestations: list[Attestation] = field(default_factory=list)
    place_check: PlaceCheck | None = None
    location: Location | None = None
    emergency_contact: EmergencyContact | None = None
    consents: list[Consent] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    # When a suicide-risk screener last ended.
    safety_screening_time: datetime | None = None
    # Suicide-risk screeners that were begun and have not ended.
    pending_screenings: set[str] = field(default_factory=set)
    overrides: dict[Gate, GateOverride] = field(default_factory=dict)
    signature: Signature | None = None
    referral_up: ReferralUp | None = None
    admit_time: datetime | None = None
    discharge_time: datetime | None = None
    active_care_plan_id: str = ""
    weekly_minutes: int = 0
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def is_part2_protected(self) -> bool:
        """42 CFR Part 2 applies."""
        return self.track.is_part2_protected

    @property
    def level_of_care(self) -> LevelOfCare | None:
        """The placement result that stands."""
        return self.levels_of_care[-1] if self.levels_of_care else None

    @property
    def attestations(self) -> dict[AttestationTopic, Attestation]:
        """The attestation that stands, by topic."""
        return {each.topic: each for each in self.all_attestations}

    @property
    def standing_referral(self) -> ReferralUp | None:
        """The referral up, while it stands."""
        return self.referral_up if self.state is AdmissionState.REFERRED_UP else None

    def gates(self, rules: GateRules, now: datetime) -> tuple[GateFinding, ...]:
        """Every gate, judged now."""
        return judge(self, rules, now)

    def record_level_of_care(self, record: LevelOfCare, rules: GateRules) -> None:
        """Take a placement result; one that fits the program ends a standing referral up."""
        self.levels_of_care.append(record)
        if self.standing_referral is not None and not referral_up_reasons(record, rules):
            self._move("return")
        self._clinical_evidence(Gate.STRUCTURED_NEED, Gate.WITHDRAWAL, Gate.REFERRAL_UP)

    def attest(self, attestations: Sequence[Attestation]) -> None:
        """Take what a clinician answers for, the negative too."""
        for attestation in attestations:
            self.all_attestations.append(attestation)
            self._clinical_evidence(CLINICAL_GATES_OF[attestation.topic])

    def check_place(self, place: PlaceCheck) -> None:
        """Take where the patient would attend from."""
        self.place_check = place
        self.overrides.pop(Gate.PLACE, None)

    def locate(self, location: Location) -> None:
        """Take where the patient sits."""
        self.location = location
        self.overrides.pop(Gate.EMERGENCY_NUMBER, None)
        self.events.append(LocationWasRecorded(self.patient_id, location))

    def name_emergency_contact(self, contact: EmergencyContact) -> None:
        """Take whom to call."""
        self.emergency_contact = contact
        self.overrides.pop(Gate.EMERGENCY_CONTACT, None)
        self.events.append(EmergencyContactWasRecorded(self.patient_id, contact))

    def consent(self, consent: Consent, now: datetime) -> None:
        """Take a signed consent; it supersedes the one of its scope."""
        consent.check(now)
        self.consents = [*(each.superseded_by(consent) for each in self.consents), consent]
        self.events.append(ConsentWasRecorded(self.patient_id, consent))

    def revoke_consent(self, consent_id: str, now: datetime) -> Consent:
        """End a consent from now on."""
        revoked = consent_of(self.consents, consent_id).revoked(now)
        self.consents = [revoked if each.id == consent_id else each for each in self.consents]
        self.events.append(ConsentWasRevoked(self.patient_id, revoked, now))
        return revoked

    def note_pending(self, screening_id: str) -> None:
        """A suicide-risk screener was begun: its end must be waited for."""
        self.pending_screenings.add(screening_id)

    def note_ended(self, screening_id: str, now: datetime) -> None:
        """A suicide-risk screener ended; one that was left has ended at its worst."""
        self.pending_screenings.discard(screening_id)
        self.safety_screening_time = now

    def note_risk(self, risk: Risk) -> None:
        """A risk was raised; it takes the place of a lower one from the same screening."""
        if any(each.id == risk.id for each in self.risks):
            return
        self.risks = [
            each
            for each in self.risks
            if each.screening_id != risk.screening_id or each.disposition is not None
        ]
        self.risks.append(risk)
        self._clinical_evidence(Gate.SUICIDE_RISK)

    def resolve_risk(
        self, risk_id: str, disposition: Disposition, *, clinician_id: str, now: datetime
    ) -> None:
        """Record what a clinician decided, on the day of the risk or of a newer screener."""
        found = next((each for each in self.risks if each.id == risk_id), None)
        if found is None:
            raise NotFound("RISK_UNKNOWN", "the patient has no risk of this id")
        if found.is_cleared:
            raise FailedPrecondition("RISK_RESOLVED", "a clinician decided before")
        basis = max(found.raise_time, self.safety_screening_time or found.raise_time)
        zone = ZoneInfo(self.time_zone)
        if basis.astimezone(zone).date() != now.astimezone(zone).date():
            text = "screen again today: the disposition must be of the same day"
            raise FailedPrecondition("RISK_DISPOSITION_NOT_SAME_DAY", text)
        resolved = replace(
            found, disposition=disposition, clinician_id=clinician_id, resolve_time=now
        )
        self.risks = [resolved if each.id == risk_id else each for each in self.risks]

    def sign(self, clinician_id: str, now: datetime) -> None:
        """A clinician signs for the admission on the clinical evidence of now."""
        self._move("sign")
        self.signature = Signature(clinician_id, now)

    def override(self, override: GateOverride, rules: GateRules, now: datetime) -> None:
        """A supervisor answers by name for a missing gate."""
        gate = Gate(override.gate)
        if gate in NEVER_OVERRIDDEN:
            raise FailedPrecondition("GATE_NOT_OVERRIDABLE", "nobody can answer for this gate")
        self._move("override")
        states = {finding.gate: finding.state for finding in self.gates(rules, now)}
        if states[gate] is GateState.MET:
            raise FailedPrecondition("GATE_ALREADY_MET", "there is nothing to override")
        self.overrides[gate] = override

    def admit(self, rules: GateRules, now: datetime) -> None:
        """Admit where every gate is met or answered for; otherwise name each missing one."""
        target = self._target("admit")
        findings = self.gates(rules, now)
        missing = [each for each in findings if each.state is GateState.MISSING]
        if missing or self.location is None:
            raise FailedPrecondition(
                "ADMISSION_GATES_MISSING",
                "missing gates: " + ", ".join(each.gate.value for each in missing),
                violations=_violations(missing),
            )
        self.state, self.admit_time = target, now
        event = PatientWasAdmitted(self.patient_id, self.id, self.location.state, now)
        self.events.append(event)

    def discharge(
        self, clinician_id: str, *, first_appointment: datetime | None, now: datetime
    ) -> None:
        """End the program; the first appointment elsewhere is still to come, where one is known."""
        if self.state in {AdmissionState.PENDING, AdmissionState.REFERRED_UP}:
            raise FailedPrecondition("PATIENT_NOT_ADMITTED", "nobody is discharged before that")
        if first_appointment is not None and first_appointment <= now:
            past = Violation("first_appointment_time", "APPOINTMENT_PAST", "must not be past")
            raise InvalidArgument("FIELDS_INVALID", "it has passed", violations=[past])
        self._move("discharge")
        self.discharge_time = now
        event = PatientWasDischarged(
            self.patient_id, self.id, clinician_id, time=now, first_appointment=first_appointment
        )
        self.events.append(event)

    def refer_up(
        self, reasons: Sequence[str], rules: GateRules, *, clinician_id: str, now: datetime
    ) -> None:
        """Send the patient to a higher level of care, for these reasons and those on record."""
        target = self._target("refer_up")
        joined = dict.fromkeys([*reasons, *referral_up_reasons(self.level_of_care, rules)])
        if not joined:
            text = "name a reason: the placement result gives none"
            raise FailedPrecondition("REFERRAL_REASON_MISSING", text)
        self.state = target
        self.referral_up = ReferralUp(tuple(joined), clinician_id, now)

    def activate_plan(self, care_plan_id: str, *, weekly_minutes: int, weeks: int) -> None:
        """Follow this plan from now on; only an admitted patient has one."""
        if self.state is not AdmissionState.ADMITTED:
            raise FailedPrecondition("PATIENT_NOT_ADMITTED", "admit the patient first")
        self.active_care_plan_id, self.weekly_minutes = care_plan_id, weekly_minutes
        event = CarePlanWasActivated(self.patient_id, care_plan_id, weekly_minutes, weeks)
        self.events.append(event)

    def _clinical_evidence(self, *gates: Gate) -> None:
        """New evidence: whoever signed or answered for the old has not seen it."""
        for gate in gates:
            self.overrides.pop(gate, None)
        if self.admit_time is None:
            self.signature = None

    def _target(self, verb: str) -> AdmissionState:
        target = TRANSITIONS.get((self.state, verb))
        return target if target is not None else self._refuse()

    def _move(self, verb: str) -> None:
        self.state = self._target(verb)

    def _refuse(self) -> NoReturn:
        raise FailedPrecondition(*REFUSALS[self.state])


def _violations(missing: Sequence[GateFinding]) -> list[Violation]:
    return [
        Violation(f"gates.{finding.gate.value}", reason, "the gate is not met")
        for finding in missing
        for reason in finding.reasons
    ]
