"""Names for groups, given when somebody gets a seat."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import ResourceExhausted
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.intake.domain.alias import ATTEMPTS, Alias, alias_candidate
from services.intake.domain.copies import Seats
from services.intake.ports import AliasBook, EpisodeBook


class Aliases:
    """Who is called what in which group."""

    def __init__(self, store: Store, *, aliases: AliasBook, episodes: EpisodeBook) -> None:
        self._store, self._aliases, self._episodes = store, aliases, episodes

    def assign(self, call: Call, seats: Seats) -> None:
        """A name in the group for each patient without one; nothing for who has one."""
        # Without a group nobody meets anybody, and there is nothing to be called.
        patients = sorted(set(seats.patient_ids)) if seats.group_id else []

        def assigned(tx: Tx) -> None:
            new = [
                each
                for each in patients
                if not self._aliases.has(tx, patient_id=each, group_id=seats.group_id)
            ]
            key = self._aliases.key(tx) if new else b""
            for patient_id in new:
                self._aliases.insert(tx, self._free(tx, key, patient_id, seats.group_id))

        self._store.transact(call, assigned)

    def _free(self, tx: Tx, key: bytes, patient_id: str, group_id: str) -> Alias:
        """The first name of the patient's own series that nobody in the group has."""
        for attempt in range(ATTEMPTS):
            name = alias_candidate(key, patient_id=patient_id, group_id=group_id, attempt=attempt)
            if self._aliases.is_taken(tx, alias=name, group_id=group_id):
                continue
            alias = Alias(
                id=derived_id("alias", tx.call.tenant_id, group_id, patient_id),
                patient_id=patient_id,
                group_id=group_id,
                alias=name,
                is_part2_protected=self._episodes.is_part2_protected(tx, patient_id),
                create_time=tx.now,
            )
            alias.announce()
            return alias
        raise ResourceExhausted("ALIASES_EXHAUSTED", "no name is left in this group")
