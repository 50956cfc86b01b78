"""Referrals and patients, and who somebody is, where that is asked for by id and with a purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chassis.call import Call, Role
from chassis.errors import NotFound
from chassis.store import Filter, Page, Reader, Store
from services.intake.domain.commands import ListPage, RevealPatientIdentity
from services.intake.domain.patient import Patient
from services.intake.domain.referral import Referral
from services.intake.domain.views import RevealedIdentity
from services.intake.ports import Book, IdentityOf, PolicyOf
from services.intake.queries.paging import page_of

ONLY_PARTNER = frozenset({Role.PARTNER})


class People:
    """Reads of who was referred, and of who they are."""

    def __init__(
        self,
        store: Store,
        *,
        referrals: Book[Referral],
        patients: Book[Patient],
        identity_of: IdentityOf,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._identity_of, self._policy_of = store, identity_of, policy_of
        self._referrals, self._patients = referrals, patients

    def referral(self, call: Call, referral_id: str) -> Referral:
        """One referral; to a partner, others' referrals do not exist."""

        def look(reader: Reader) -> Referral:
            referral = self._referrals.load(reader, referral_id)
            if _is_only_partner(call) and referral.referrer_id != call.actor.subject:
                raise NotFound("NOT_FOUND", "no such resource")
            return referral

        return self._store.read(call, look)

    def referrals(self, call: Call, command: ListPage) -> Page[Referral]:
        """A part of the referrals; to a partner, its own."""
        own: Filter = {"referrer_id": call.actor.subject} if _is_only_partner(call) else {}
        return page_of(call, self._referrals, command, own)

    def patient(self, call: Call, patient_id: str) -> Patient:
        """What is known about a patient without who it is."""
        call.require_self(patient_id)
        return self._store.read(call, lambda reader: self._patients.load(reader, patient_id))

    def reveal(self, call: Call, command: RevealPatientIdentity) -> RevealedIdentity:
        """Who a patient is. The audit row is durable before anything is decrypted."""
        named = replace(call, purpose=command.purpose.value)

        def look(reader: Reader) -> tuple[Patient, datetime]:
            return self._patients.load(reader, command.patient_id), reader.now

        patient, now = self._store.read(named, look)
        reveal_for = self._policy_of(call.tenant_id).reveal_for
        return RevealedIdentity(self._identity_of(call.tenant_id, patient), now + reveal_for)


def _is_only_partner(call: Call) -> bool:
    return call.actor.roles == ONLY_PARTNER
