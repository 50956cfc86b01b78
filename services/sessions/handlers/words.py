"""Private words between staff and one patient: kept and judged like chat, heard by no peer."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.crypto import fingerprint
from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from chassis.ids import derived_id
from chassis.store import Store, Tx
from clinical.risk import Assessment, Severity, assess
from services.sessions.domain.chat import NOT_IN_THE_ROOM, ChatRisk
from services.sessions.domain.commands import SayPrivately
from services.sessions.domain.log import PrivateEvent, spoken
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Right, Role, may
from services.sessions.domain.session import Session
from services.sessions.domain.whisper import PrivateWord
from services.sessions.handlers.chats import AUDIT_ACTION, count
from services.sessions.handlers.doors import STAFF
from services.sessions.handlers.moderating import named, staff_of
from services.sessions.handlers.standing import (
    concern_of,
    key_of,
    place_of,
    quiet,
    tell_staff,
)
from services.sessions.ports import Policies, Records


class Words:
    """One effect per word, however often its frame comes."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def say(self, call: Call, command: SayPrivately) -> int:
        """Put it into the logs of those two sides; 0, because it has no number in the room."""
        found = _assessed(call, command)
        act = quiet(call) if found.severity is None else replace(call, action=AUDIT_ACTION)
        id = _risk_id(call, command)
        try:
            text = spoken(command.text, self._policies(call.tenant_id).text_length)
            is_news = self._store.transact(
                act, lambda tx: self._say(tx, command, text, found.severity, id)
            )
        except (InvalidArgument, FailedPrecondition, PermissionDenied):
            self.overhear(call, command)
            raise
        if is_news:
            count(found)
        return 0

    def overhear(self, call: Call, command: SayPrivately) -> None:
        """A patient's words that are refused may be what somebody must hear: they worry all the
        same, once for their key."""
        found = _assessed(call, command)
        severity, id = found.severity, _risk_id(call, command)
        if severity is None:
            return

        def act(tx: Tx) -> bool:
            place, session = place_of(self._records, tx, command.session_id)
            return self._worry(tx, place, session, severity, id)

        if self._store.transact(replace(call, once=None, action=AUDIT_ACTION), act):
            count(found)

    def _say(
        self, tx: Tx, command: SayPrivately, text: str, severity: Severity | None, id: str
    ) -> bool:
        """True where it worries, and nobody had heard of it."""
        place, session = place_of(self._records, tx, command.session_id)
        if may(place.role, Right.WHISPER):
            staff_of(self._records, tx, session.id)
            patient = named(self._records, tx, session, command.alias)
            if patient.role is not Role.PATIENT:
                raise NotFound("NOT_FOUND", "no patient has that alias here")
        else:
            patient = self._answering(place, session)
        to = "" if patient is place else patient.alias
        word = PrivateWord(session.id, place.alias, place.role, text, to)
        for person_id in dict.fromkeys((patient.person_id, *session.staff)):
            self._records.private_log.append(tx, person_id, PrivateEvent(word, tx.now))
        return severity is not None and self._worry(tx, place, session, severity, id)

    def _answering(self, place: Participant, session: Session) -> Participant:
        """A patient in the room; muted or not: staff is never out of their hearing."""
        session.require_open()
        if not may(place.role, Right.ANSWER) or place.is_shown_out:
            raise PermissionDenied("ROLE_NOT_ALLOWED", "only patients and staff whisper")
        return place

    def _worry(
        self, tx: Tx, place: Participant, session: Session, severity: Severity, id: str
    ) -> bool:
        """Tell crisis and staff; False where an earlier frame of these words has."""
        if self._records.chat_risks.peek(tx, id) is not None:
            return False
        about = concern_of(place, session)
        risk = ChatRisk(id, session.id, about, severity, NOT_IN_THE_ROOM, tx.now, is_private=True)
        if about:
            location = self._records.locations.newest(tx, about)
            risk.tell(location.told() if location else None)
        self._records.chat_risks.put(tx, risk)
        alias = place.alias or self._records.copies.alias(tx, about, session.schedule.group_id)
        tell_staff(self._records, tx, session, PrivateEvent(risk, tx.now, alias))
        return True


def _assessed(call: Call, command: SayPrivately) -> Assessment:
    """Staff's own words are no patient's."""
    return Assessment() if STAFF & call.actor.roles else assess(command.text)


def _risk_id(call: Call, command: SayPrivately) -> str:
    """One word, one fact, whether it was refused before or not. Other words are another one."""
    by, words = call.actor.subject, fingerprint(command.text.encode()).hex()
    return derived_id("private-risk", call.tenant_id, command.session_id, by, key_of(call), words)
