"""The evidence of an admission, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.intake.domain.commands import (
    AdmitPatient,
    DischargePatient,
    OverrideAdmissionGate,
    RecordAttestations,
    RecordConsent,
    RecordEmergencyContact,
    RecordLevelOfCare,
    RecordLocation,
    RecordPlaceCheck,
    ReferPatientUp,
    ResolveRisk,
    RevokeConsent,
)
from services.intake.domain.consent import Consent, consent_of
from services.intake.domain.episode import Episode
from services.intake.domain.evidence import Attestation, EmergencyContact, GateOverride, Location
from services.intake.domain.gates import GateRules
from services.intake.domain.views import AdmissionView
from services.intake.handlers.versions import require_etag
from services.intake.ports import Cipher, EpisodeBook, PolicyOf

Act = Callable[[Episode, datetime], None]


class Admissions:
    """Everything between a referral and a place in the program."""

    def __init__(
        self, store: Store, *, episodes: EpisodeBook, cipher: Cipher, policy_of: PolicyOf
    ) -> None:
        self._store, self._cipher, self._policy_of = store, cipher, policy_of
        self._episodes = episodes

    def record_level_of_care(self, call: Call, command: RecordLevelOfCare) -> AdmissionView:
        """Take a placement result from the clinician who calls."""
        rules = self._rules(call)

        def act(episode: Episode, now: datetime) -> None:
            record = replace(command.level_of_care, assessor_id=call.actor.subject, assess_time=now)
            episode.record_level_of_care(record, rules)

        return self._change(call, command.patient_id, act)

    def record_attestations(self, call: Call, command: RecordAttestations) -> AdmissionView:
        """Take what the clinician who calls answers for."""
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.attest(
                [
                    Attestation(topic, holds, call.actor.subject, now)
                    for topic, holds in command.attestations
                ]
            ),
        )

    def record_place_check(self, call: Call, command: RecordPlaceCheck) -> AdmissionView:
        """Take where the patient would attend from."""
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.check_place(replace(command.place_check, check_time=now)),
        )

    def record_location(self, call: Call, command: RecordLocation) -> AdmissionView:
        """Take where the patient sits."""
        texts = (command.address, command.callback_number, command.local_emergency_number)
        address, callback, emergency = (self._sealed(call, text) for text in texts)
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.locate(
                Location(command.state, address, callback, emergency, now)
            ),
        )

    def record_emergency_contact(
        self, call: Call, command: RecordEmergencyContact
    ) -> AdmissionView:
        """Take whom to call."""
        name, phone = self._sealed(call, command.legal_name), self._sealed(call, command.phone)
        relationship, has_release = command.relationship, command.has_release
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.name_emergency_contact(
                EmergencyContact(name, phone, relationship, has_release, now)
            ),
        )

    def record_consent(self, call: Call, command: RecordConsent) -> Consent:
        """Take a signed consent."""
        consent_id = new_id()

        def act(episode: Episode, now: datetime) -> None:
            consent = Consent(
                id=consent_id,
                scope=command.scope,
                text_version=command.text_version,
                recorder_id=call.actor.subject,
                sign_time=now,
                expire_time=command.expire_time,
                part2_elements=command.part2_elements,
            )
            episode.consent(consent, now)

        return self._change_consent(call, command.patient_id, consent_id, act)

    def revoke_consent(self, call: Call, command: RevokeConsent) -> Consent:
        """End a consent from now on."""

        def act(episode: Episode, now: datetime) -> None:
            episode.revoke_consent(command.consent_id, now)

        return self._change_consent(call, command.patient_id, command.consent_id, act)

    def resolve_risk(self, call: Call, command: ResolveRisk) -> AdmissionView:
        """Record what the clinician who calls decided about a risk."""
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.resolve_risk(
                command.risk_id, command.disposition, clinician_id=call.actor.subject, now=now
            ),
        )

    def sign(self, call: Call, command: AdmitPatient) -> AdmissionView:
        """The clinician who calls signs for the admission."""
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.sign(call.actor.subject, now),
            etag=command.etag,
        )

    def override_gate(self, call: Call, command: OverrideAdmissionGate) -> AdmissionView:
        """The supervisor who calls answers for a missing gate."""
        purpose, rules = command.purpose, self._rules(call)
        named = replace(call, purpose=f"{command.gate.value}:{purpose.value}")

        def act(episode: Episode, now: datetime) -> None:
            override = GateOverride(command.gate.value, purpose, call.actor.subject, now)
            episode.override(override, rules, now)

        return self._change(named, command.patient_id, act)

    def admit(self, call: Call, command: AdmitPatient) -> AdmissionView:
        """Admit where every gate is met or answered for."""
        rules = self._rules(call)
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.admit(rules, now),
            etag=command.etag,
        )

    def discharge(self, call: Call, command: DischargePatient) -> AdmissionView:
        """The program is over; the clinician who calls answers for what follows."""
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.discharge(
                call.actor.subject, first_appointment=command.first_appointment, now=now
            ),
            etag=command.etag,
        )

    def refer_up(self, call: Call, command: ReferPatientUp) -> AdmissionView:
        """Send the patient to a higher level of care."""
        rules = self._rules(call)
        reasons = [reason.name for reason in command.reasons]
        return self._change(
            call,
            command.patient_id,
            lambda episode, now: episode.refer_up(
                reasons, rules, clinician_id=call.actor.subject, now=now
            ),
        )

    def _change(self, call: Call, patient_id: str, act: Act, *, etag: str = "") -> AdmissionView:
        rules = self._rules(call)

        def changed(tx: Tx) -> AdmissionView:
            episode = self._changed(tx, patient_id, act, etag=etag)
            return AdmissionView.of(episode, rules, tx.now)

        return self._store.transact(call, changed)

    def _change_consent(self, call: Call, patient_id: str, consent_id: str, act: Act) -> Consent:
        def changed(tx: Tx) -> Consent:
            return consent_of(self._changed(tx, patient_id, act).consents, consent_id)

        return self._store.transact(call, changed)

    def _changed(self, tx: Tx, patient_id: str, act: Act, *, etag: str = "") -> Episode:
        tx.call.require_self(patient_id)
        episode = self._episodes.of(tx, patient_id)
        require_etag(episode, etag)
        act(episode, tx.now)
        return self._episodes.save(tx, episode)

    def _rules(self, call: Call) -> GateRules:
        return self._policy_of(call.tenant_id).gate_rules()

    def _sealed(self, call: Call, text: str) -> bytes:
        return self._cipher.encrypt(call.tenant_id, text) if text else b""
