"""A patient's words that may mean danger, wherever they were written: staff and crisis hear of it.

The same path as for a room's chat: ChatRiskRaised in the transaction that keeps the words, and a
private word to staff. No event has the words, and no peer is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chassis.call import Call
from chassis.crypto import fingerprint
from chassis.ids import derived_id
from chassis.store import Store, Tx
from clinical.risk import Assessment, Severity, assess
from services.sessions.domain.chat import NOT_IN_THE_ROOM, ChatRisk
from services.sessions.domain.log import PrivateEvent
from services.sessions.handlers.chats import AUDIT_ACTION, count
from services.sessions.handlers.doors import STAFF
from services.sessions.handlers.standing import key_of
from services.sessions.ports import Records


@dataclass(frozen=True, slots=True)
class Source:
    """Where words were written: for an assignment, or on a group's board."""

    assignment_id: str = ""
    group_id: str = ""

    @property
    def key(self) -> str:
        """Of the facts about it."""
        return self.assignment_id or self.group_id


@dataclass(frozen=True, slots=True)
class Place:
    """Who of staff hears of words there, and under which alias the patient is known."""

    session_id: str = ""
    alias: str = ""
    staff_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """Words of the caller: one fact, whether they were refused before or not. Other words under
    the same key are another one."""

    source: Source
    risk_id: str
    found: Assessment


# Where a refused text would have gone; an empty one where nobody can say.
PlaceOf = Callable[[Tx], Place]


def written(call: Call, source: Source, text: str) -> Written:
    """The words, judged; staff's own are no patient's."""
    by, words = call.actor.subject, fingerprint(text.encode()).hex()
    id = derived_id("chat-risk", call.tenant_id, source.key, by, key_of(call), words)
    return Written(source, id, Assessment() if STAFF & call.actor.roles else assess(text))


class Worries:
    """Tells crisis and staff, once for each fact."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records

    def tell(self, tx: Tx, words: Written, number: int, *, place: Place) -> bool:
        """About words that this transaction keeps under the number; False where none worries."""
        severity = words.found.severity
        if severity is None:
            return False
        known = self._records.chat_risks.peek(tx, words.risk_id)
        if known is None:
            self._tell(tx, words, severity, (number, place))
        else:  # refused before: crisis has heard of it, staff learn where it is
            known.number = number
            self._note(tx, known, place)
        return True

    def hear_refused(self, call: Call, words: Written, place_of: PlaceOf) -> None:
        """About words that are kept nowhere: what cannot be written may be what must be heard."""
        severity = words.found.severity
        if severity is None:
            return

        def act(tx: Tx) -> bool:
            if self._records.chat_risks.peek(tx, words.risk_id) is not None:
                return False
            self._tell(tx, words, severity, (NOT_IN_THE_ROOM, place_of(tx)))
            return True

        if self._store.transact(replace(call, once=None, action=AUDIT_ACTION), act):
            count(words.found)

    def _tell(self, tx: Tx, words: Written, severity: Severity, where: tuple[int, Place]) -> None:
        (number, place), patient_id = where, tx.call.actor.subject
        risk = ChatRisk(
            words.risk_id,
            place.session_id,
            patient_id,
            severity,
            number,
            tx.now,
            assignment_id=words.source.assignment_id,
            group_id=words.source.group_id,
        )
        location = self._records.locations.newest(tx, patient_id)
        risk.tell(location.told() if location else None)
        self._note(tx, risk, place)

    def _note(self, tx: Tx, risk: ChatRisk, place: Place) -> None:
        self._records.chat_risks.put(tx, risk)
        self.whisper(tx, PrivateEvent(risk, tx.now, place.alias), place.staff_ids)

    def whisper(self, tx: Tx, event: PrivateEvent, people: Iterable[str]) -> None:
        """Into the private log of each."""
        for person_id in people:
            self._records.private_log.append(tx, person_id, event)
