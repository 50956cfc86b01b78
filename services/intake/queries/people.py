"""Referrals and patients, without who they are."""

from __future__ import annotations

from chassis.call import Call, Role
from chassis.errors import NotFound
from chassis.store import Filter, Page, Reader, Store
from services.intake.domain.commands import ListPage
from services.intake.domain.patient import Patient
from services.intake.domain.referral import Referral
from services.intake.ports import Book
from services.intake.queries.paging import page_of

ONLY_PARTNER = frozenset({Role.PARTNER})


class People:
    """Reads of who was referred, and what became of them."""

    def __init__(
        self,
        store: Store,
        *,
        referrals: Book[Referral],
        patients: Book[Patient],
    ) -> None:
        self._store, self._referrals, self._patients = store, referrals, patients

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


def _is_only_partner(call: Call) -> bool:
    return call.actor.roles == ONLY_PARTNER
