"""Nobody who called for help goes unnoticed: whoever lets people go looks here first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chassis.ids import derived_id
from chassis.store import Tx
from services.sessions.domain.departed import departed
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Session
from services.sessions.domain.signal import SafetySignal
from services.sessions.handlers.standing import unresolved
from services.sessions.ports import Policies, Records


class Watch:
    """Over patients about whom there is a safety signal that nobody has answered yet."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies

    def see_off(self, tx: Tx, place: Participant, session: Session) -> None:
        """Before a place that was let go is put: tell crisis, and staff in private. Once for each
        departure, because a place is let go once and put by its version."""
        departure = place.departure
        if departure is None or not place.patient_id:
            return
        watch_seconds = self._policies(tx.call.tenant_id).signal_watch_seconds
        deserted = [
            signal
            for signal in unresolved(self._records, tx, {"patient_id": place.patient_id})
            if signal.is_deserted(departure.leave_time, watch_seconds)
        ]
        if not deserted:
            return
        self._tell(tx, place, session, deserted)

    def see_gone(self, tx: Tx, signal: SafetySignal, session: Session) -> None:
        """After a patient's own signal was stored: they may have gone while it could not be. As
        long as a press may wait to be stored, they count as gone after it; told once."""
        patient_id = signal.patient_id
        place = self._records.participants.known(tx, session.id, patient_id)
        if place is None or session.is_over:
            return
        within = timedelta(seconds=self._policies(tx.call.tenant_id).signal_retry_seconds)
        place.departure = departed(place, tx.now, within)
        if place.departure is None or self._is_known(tx, signal):
            return
        self._tell(tx, place, session, [signal])
        self._records.participants.put(tx, place)

    def _is_known(self, tx: Tx, signal: SafetySignal) -> bool:
        """They are in another room; or an earlier signal has told of it."""
        patient_id = signal.patient_id
        if self._records.participants.near_rooms(tx, patient_id):
            return True
        others = unresolved(self._records, tx, {"patient_id": patient_id})
        return any(each.id != signal.id and not each.is_answered for each in others)

    def _tell(
        self, tx: Tx, place: Participant, session: Session, deserted: Sequence[SafetySignal]
    ) -> None:
        newest = max(deserted, key=lambda signal: (signal.raise_time, signal.id))
        location = self._records.locations.newest(tx, place.patient_id)
        place.desert(
            derived_id("departure", place.id, str(place.version)),
            newest.id,
            location.told() if location else None,
        )
        alias = self._records.copies.alias(tx, place.patient_id, session.schedule.group_id)
        event = PrivateEvent(newest, tx.now, alias, departure=place.departure)
        for person_id in _staff_of(session, newest):
            self._records.private_log.append(tx, person_id, event)


def _staff_of(session: Session, signal: SafetySignal) -> list[str]:
    """Who leads the room that was left or helps to, and who else of staff follows the signal."""
    people = dict.fromkeys((*session.staff, *signal.recipient_ids))
    return [person_id for person_id in people if person_id != signal.patient_id]
