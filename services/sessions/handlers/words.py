"""Private words between staff and one patient: kept and judged like chat, heard by no peer."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.errors import InvalidArgument, NotFound, PermissionDenied
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
        found = Assessment() if STAFF & call.actor.roles else assess(command.text)
        act = quiet(call) if found.severity is None else replace(call, action=AUDIT_ACTION)
        severity, id = found.severity, derived_id("private-risk", call.tenant_id, key_of(call))
        try:
            text = spoken(command.text, self._policies(call.tenant_id).text_length)
        except InvalidArgument:
            self._overhear(act, command, severity, id)
            count(found)
            raise
        self._store.transact(act, lambda tx: self._say(tx, command, text, severity, id))
        count(found)
        return 0

    def _say(
        self, tx: Tx, command: SayPrivately, text: str, severity: Severity | None, id: str
    ) -> None:
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
        if severity is not None:
            self._worry(tx, place, session, severity, id)

    def _overhear(
        self, call: Call, command: SayPrivately, severity: Severity | None, id: str
    ) -> None:
        """Words that are too long or malformed to be said may be what somebody must hear."""
        if severity is None:
            return
        worst = severity

        def act(tx: Tx) -> None:
            place, session = place_of(self._records, tx, command.session_id)
            if self._records.chat_risks.peek(tx, id) is None:
                self._worry(tx, place, session, worst, id)

        self._store.transact(replace(call, once=None), act)

    def _answering(self, place: Participant, session: Session) -> Participant:
        """A patient in the room; muted or not: staff is never out of their hearing."""
        session.require_open()
        if not may(place.role, Right.ANSWER) or place.is_shown_out:
            raise PermissionDenied("ROLE_NOT_ALLOWED", "only patients and staff whisper")
        return place

    def _worry(
        self, tx: Tx, place: Participant, session: Session, severity: Severity, id: str
    ) -> None:
        about = concern_of(place, session)
        risk = ChatRisk(id, session.id, about, severity, NOT_IN_THE_ROOM, tx.now, is_private=True)
        if about:
            location = self._records.locations.newest(tx, about)
            risk.tell(location.told() if location else None)
        self._records.chat_risks.put(tx, risk)
        tell_staff(self._records, tx, session, PrivateEvent(risk, tx.now, place.alias))
