"""Opening a name, or a patient by id: the reveal, its audit row and word to others, in one commit.

The answer that is kept for repeats is made inside of the commit and holds no identity; what the
caller gets is decrypted after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chassis.call import Call, RequestOnce
from chassis.errors import InvalidArgument, Violation
from chassis.ids import derived_id, new_id
from chassis.store import AlreadyAnswered, Store, Tx
from services.intake.domain.alias import Alias
from services.intake.domain.commands import RevealAlias, RevealPatientIdentity, RevealPurpose
from services.intake.domain.patient import Patient
from services.intake.domain.reveal import AliasReveal
from services.intake.domain.views import RevealedAlias
from services.intake.ports import AliasBook, Book, IdentityOf, PolicyOf, ReadReveal, RevealBook


class Revealing:
    """Opens who stands behind a name."""

    def __init__(
        self,
        store: Store,
        books: tuple[AliasBook, Book[Patient], RevealBook],
        *,
        identity_of: IdentityOf,
        read: ReadReveal,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._policy_of = store, policy_of
        self._aliases, self._patients, self._reveals = books
        self._identity_of, self._read = identity_of, read

    def open(self, call: Call, command: RevealAlias) -> RevealedAlias:
        """Who it is, and a reveal by which the caller reads it again; a repeat only reads."""
        reveal_id, lasts = _reveal_id(call), self._duration(call, command)
        named = replace(call, purpose=command.purpose.value)
        patients: list[Patient] = []

        def granted(tx: Tx) -> RevealedAlias:
            reveal = self._granted(tx, command, reveal_id, lasts)
            patients[:] = [self._patients.load(tx, reveal.patient_id)]
            return RevealedAlias(reveal)

        try:
            revealed = self._store.transact(named, granted)
        except AlreadyAnswered:
            return self._read(named, reveal_id)
        return replace(revealed, identity=self._identity_of(call.tenant_id, patients[0]))

    def open_by_id(self, call: Call, command: RevealPatientIdentity) -> RevealedAlias:
        """Who a patient is: the same, of no name in a group. Each call is a reveal of its own."""
        lasts = self._policy_of(call.tenant_id).reveal_for

        def granted(tx: Tx) -> tuple[AliasReveal, Patient]:
            patient = self._patients.load(tx, command.patient_id)
            reveal = _opened(tx, patient, lasts, reveal_id=new_id(), purpose=command.purpose)
            return self._kept(tx, reveal), patient

        named = replace(call, purpose=command.purpose.value)
        reveal, patient = self._store.transact(named, granted)
        return RevealedAlias(reveal, self._identity_of(call.tenant_id, patient))

    def _granted(
        self, tx: Tx, command: RevealAlias, reveal_id: str, lasts: timedelta
    ) -> AliasReveal:
        alias = self._aliases.named(tx, alias=command.alias, group_id=command.group_id)
        reveal = _opened(tx, alias, lasts, reveal_id=reveal_id, purpose=command.purpose)
        return self._kept(tx, reveal)

    def _kept(self, tx: Tx, reveal: AliasReveal) -> AliasReveal:
        """Stored, and told to those who watch over privacy."""
        reveal.announce(self._policy_of(tx.call.tenant_id).privacy_officers)
        return self._reveals.insert(tx, reveal)

    def _duration(self, call: Call, command: RevealAlias) -> timedelta:
        policy = self._policy_of(call.tenant_id)
        lasts = command.lasts or policy.reveal_for
        if lasts > policy.longest_reveal:
            bound = f"must be at most {policy.longest_reveal_seconds:g} seconds"
            fault = Violation("reveal_duration", "OUT_OF_RANGE", bound)
            raise InvalidArgument(
                "FIELDS_INVALID", "field at fault: reveal_duration", violations=[fault]
            )
        return lasts


def _reveal_id(call: Call) -> str:
    """One request is one reveal: a repeat finds it by its key."""
    if isinstance(call.once, RequestOnce):
        return derived_id("reveal", call.tenant_id, call.actor.subject, call.once.request_id)
    return new_id()


def _opened(
    tx: Tx, of: Alias | Patient, lasts: timedelta, *, reveal_id: str, purpose: RevealPurpose
) -> AliasReveal:
    """From now on; of a patient who was named by id without a group and a name."""
    named = of if isinstance(of, Alias) else None
    return AliasReveal(
        id=reveal_id,
        patient_id=of.patient_id if isinstance(of, Alias) else of.id,
        group_id=named.group_id if named else "",
        alias=named.alias if named else "",
        revealer_id=tx.call.actor.subject,
        purpose=purpose,
        is_part2_protected=of.is_part2_protected,
        create_time=tx.now,
        expire_time=tx.now + lasts,
    )
