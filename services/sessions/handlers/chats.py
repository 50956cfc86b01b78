"""What is said in a room: kept, looked at for danger, and after its time forgotten.

Speech adds no audit rows: the room's numbered log is itself the record. A worry does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count as counting

from prometheus_client import Counter

from chassis.call import Call
from chassis.crypto import fingerprint
from chassis.errors import (
    FailedPrecondition,
    HavenError,
    InvalidArgument,
    NotFound,
    is_retryable,
)
from chassis.ids import derived_id
from chassis.store import Contended, Store, Tx
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


class Apart(Exception):
    """Not a refusal: this message is to be said by itself."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Somebody who wants to say something; the call has its RequestOnce."""

    call: Call
    command: Say


class Chats:
    """One effect per message, however often its frame comes."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies

    def say(self, call: Call, command: Say) -> RoomEvent:
        """Put a text into the room's log; the event with its number. A patient's that worries is
        told, in the same transaction, to crisis and to the room's staff; staff's own words are no
        patient's."""
        found = _assessed(call, command)
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

    def say_all(self, sayings: Sequence[Saying]) -> list[RoomEvent | Exception]:
        """What each message came to: the event that is stored now, or why there is none.

        Everyday words go together, in one transaction for each tenant. What worries, what cannot
        be said and what nobody foresaw is left for `say`, with Apart. Several rooms are tried once:
        where one of them is contended, Contended leaves each for itself.
        """
        outcomes: list[RoomEvent | Exception] = [Apart() for _ in sayings]
        together: defaultdict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(sayings):
            if self._is_everyday(each):
                together[each.call.tenant_id].append(place)
        for places in together.values():
            came_to = self._try_together([sayings[place] for place in places])
            for place, outcome in zip(places, came_to, strict=True):
                outcomes[place] = outcome
        return outcomes

    def overhear(self, call: Call, command: Say) -> None:
        """What a patient cannot say here may be what somebody must hear: it worries all the same,
        once for its key, though the room will not show it."""
        found = _assessed(call, command)
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

    def _is_everyday(self, saying: Saying) -> bool:
        call, text = saying.call, saying.command.text
        try:
            spoken(text, self._policies(call.tenant_id).text_length)
        except InvalidArgument:
            return False
        return _assessed(call, saying.command).severity is None

    def _try_together(self, sayings: Sequence[Saying]) -> list[RoomEvent | Exception]:
        first = min((each.call for each in sayings), key=lambda call: call.deadline.remaining())
        calls = [each.call for each in sayings]
        try:
            return self._store.transact_batch(
                replace(quiet(first), once=None),
                calls,
                lambda tx, places: self._say_together(tx, [sayings[place] for place in places]),
                tries_once=len({each.command.session_id for each in sayings}) > 1,
            )
        except Contended as error:
            return [error for _ in sayings]
        except Exception as error:  # whatever it is: only where the database is away is it for all
            told = error if isinstance(error, HavenError) and is_retryable(error) else Apart()
            return [told for _ in sayings]

    def _say_together(self, tx: Tx, sayings: Sequence[Saying]) -> list[RoomEvent | HavenError]:
        """New messages, of any rooms: as many statements for all of them as for one."""
        keys = [(each.command.session_id, each.call.actor.subject) for each in sayings]
        places = self._records.participants.those(tx, keys)
        rooms = {"_id": {"$in": sorted({session_id for session_id, _ in keys})}}
        sessions = {each.id: each for each in self._records.sessions.find(tx, rooms)}
        outcomes: list[RoomEvent | HavenError] = []
        for (session_id, person_id), saying in zip(keys, sayings, strict=True):
            place, session = places.get((session_id, person_id)), sessions.get(session_id)
            outcomes.append(_said(saying.command, place, session, tx.now))
        return self._numbered(tx, [session_id for session_id, _ in keys], outcomes)

    def _numbered(
        self, tx: Tx, rooms: Sequence[str], outcomes: list[RoomEvent | HavenError]
    ) -> list[RoomEvent | HavenError]:
        """Each event under its number in its room's log; refusals as they are."""
        lines: defaultdict[str, list[RoomEvent]] = defaultdict(list)
        for room, outcome in zip(rooms, outcomes, strict=True):
            if isinstance(outcome, RoomEvent):
                lines[room].append(outcome)
        first = self._records.room_log.append_all(tx, lines)
        numbers = {room: counting(number) for room, number in first.items()}
        return [
            replace(outcome, number=next(numbers[room]))
            if isinstance(outcome, RoomEvent)
            else outcome
            for room, outcome in zip(rooms, outcomes, strict=True)
        ]

    def _say(
        self, tx: Tx, *, command: Say, text: str, severity: Severity | None, risk_id: str
    ) -> RoomEvent:
        place, session = place_of(self._records, tx, command.session_id)
        session.require_open()
        place.require_voice()
        event = of_participant(RoomEventKind.CHAT, place, tx.now, text=text)
        number = self._records.room_log.append(tx, session.id, event)
        if severity is not None:
            known = self._records.chat_risks.peek(tx, risk_id)
            if known is not None:  # refused before as too fast or too early: crisis has heard of it
                known.number = number
                self._note(tx, known, place, session)
                return replace(event, number=number)
            about = concern_of(place, session)
            risk = ChatRisk(risk_id, session.id, about, severity, number, tx.now)
            self._worry(tx, risk, place, session)
        return replace(event, number=number)

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


def _said(
    command: Say, place: Participant | None, session: Session | None, now: datetime
) -> RoomEvent | HavenError:
    if place is None or session is None:
        return NotFound("NOT_FOUND", "no such session")
    try:
        session.require_open()
        place.require_voice()
    except FailedPrecondition as refused:
        return refused
    return of_participant(RoomEventKind.CHAT, place, now, text=command.text)


def _assessed(call: Call, command: Say) -> Assessment:
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
