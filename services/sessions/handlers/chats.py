"""What is said in a room: kept, looked at for danger, and after its time forgotten.

Speech adds no audit rows: the room's numbered log is itself the record. A worry does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from prometheus_client import Counter

from chassis.call import Call
from chassis.crypto import fingerprint
from chassis.errors import (
    FailedPrecondition,
    InvalidArgument,
)
from chassis.ids import derived_id
from chassis.store import Store, Tx
from clinical.risk import Assessment, Severity, assess
from services.sessions.domain.chat import NOT_IN_THE_ROOM, ChatRisk
from services.sessions.domain.commands import Say
from services.sessions.domain.log import (
    PrivateEvent,
    RoomEvent,
    RoomEventKind,
    of_participant,
    spoken,
)
from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Session
from services.sessions.handlers.doors import STAFF
from services.sessions.handlers.standing import (
    asked_of,
    concern_of,
    key_of,
    place_of,
    quiet,
    tell_staff,
)
from services.sessions.ports import Policies, Records

AUDIT_ACTION = "chat-risk.raise"
PIECE = 200  # messages emptied by one transaction, well within its life

risks = Counter(
    "haven_sessions_chat_risks", "What patients wrote that gave reason to look.", ["severity"]
)
unassessed = Counter(
    "haven_sessions_chat_unassessed",
    "Texts at which the risk rules failed, raised as the worst: must be 0.",
)
for _severity in Severity:
    risks.labels(_severity.name.lower())


class Chats:
    """One effect per message, however often its frame comes."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def say(self, call: Call, command: Say) -> RoomEvent:
        """Put a text into the room's log; the event with its number. A patient's that worries is
        told, in the same transaction, to crisis and to the room's staff; staff's own words are no
        patient's."""
        found, call = assessed(call, command), self._records.room_log.keeping(call)
        act = quiet(call) if found.severity is None else replace(call, action=AUDIT_ACTION)
        try:
            text = spoken(command.text, self._policies(call.tenant_id).text_length)
        except InvalidArgument:
            self.overhear(call, command)
            raise
        say = partial(
            self._say,
            command=command,
            text=text,
            severity=found.severity,
            risk_id=_risk_id(call, command),
        )
        try:
            event = self._store.transact(act, say)
        except FailedPrecondition:
            self.overhear(call, command)
            raise
        count(found)
        return event

    def overhear(self, call: Call, command: Say) -> None:
        """What a patient cannot say here may be what somebody must hear: it worries all the same,
        once for its key, though the room will not show it."""
        found = assessed(call, command)
        severity, id = found.severity, _risk_id(call, command)
        if severity is None:
            return

        def act(tx: Tx) -> bool:
            place, session = place_of(self._records, tx, command.session_id)
            if self._records.chat_risks.peek(tx, id) is not None:
                return False
            about = concern_of(place, session)
            risk = ChatRisk(id, session.id, about, severity, NOT_IN_THE_ROOM, tx.now)
            self._worry(tx, risk, place, session)
            return True

        if self._store.transact(replace(call, once=None, action=AUDIT_ACTION), act):
            count(found)

    def forget(self, call: Call, session_id: str) -> None:
        """Empty the texts of a session that have been kept as long as the tenant says."""
        if self._store.transact(quiet(call), lambda tx: self._is_over(tx, session_id)):
            self._store.transact(call, lambda tx: self._forget(tx, session_id))

    def _say(
        self, tx: Tx, *, command: Say, text: str, severity: Severity | None, risk_id: str
    ) -> RoomEvent:
        place, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        place.require_voice()
        asked = asked_of(tx.call)
        event = of_participant(RoomEventKind.CHAT, place, tx.now, text=text, asked=asked)
        number = self._records.room_log.append(tx, session.id, event)
        if severity is not None:
            known = self._records.chat_risks.peek(tx, risk_id)
            if known is not None:  # refused before as too fast or too early: crisis has heard of it
                known.number = number
                self._note(tx, known, place, session)
                return replace(event, number=number, asked=None)
            about = concern_of(place, session)
            risk = ChatRisk(risk_id, session.id, about, severity, number, tx.now)
            self._worry(tx, risk, place, session)
        return replace(event, number=number, asked=None)

    def _worry(self, tx: Tx, risk: ChatRisk, place: Participant, session: Session) -> None:
        if risk.patient_id:
            location = self._records.locations.newest(tx, risk.patient_id)
            risk.tell(location.told() if location else None)
        self._note(tx, risk, place, session)

    def _note(self, tx: Tx, risk: ChatRisk, place: Participant, session: Session) -> None:
        self._records.chat_risks.put(tx, risk)
        group_id = session.schedule.group_id
        alias = place.alias or self._records.copies.alias(tx, risk.patient_id, group_id)
        tell_staff(self._records, tx, session, PrivateEvent(risk, tx.now, alias))

    def _is_over(self, tx: Tx, session_id: str) -> bool:
        """True once the texts must go; until then says when to look again."""
        session = self._records.sessions.peek(tx, session_id)
        if session is None or not session.is_chat_due(tx.now):
            return False
        look = session.next_chat_look(tx.now, self._policies(tx.call.tenant_id))
        if look is None:
            return True
        self._records.transcripts.look_at(tx, session_id, look)
        return False

    def _forget(self, tx: Tx, session_id: str) -> None:
        """A piece; while there is more the session stays due."""
        if self._records.transcripts.empty(tx, session_id, PIECE) < PIECE:
            self._records.transcripts.look_at(tx, session_id, None)


def assessed(call: Call, command: Say) -> Assessment:
    """Staff's own words are no patient's."""
    return Assessment() if STAFF & call.actor.roles else assess(command.text)


def _risk_id(call: Call, command: Say) -> str:
    """One message, one fact, whether it was refused before or not. Other words are another one."""
    by, words = call.actor.subject, fingerprint(command.text.encode()).hex()
    return derived_id("chat-risk", call.tenant_id, command.session_id, by, key_of(call), words)


def count(found: Assessment) -> None:
    """After the commit, once."""
    if found.severity is not None:
        risks.labels(found.severity.name.lower()).inc()
    if found.is_unassessed:
        unassessed.inc()
