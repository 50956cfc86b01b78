"""What one participant sees of a room: frames in, lines and state out. Nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import Enum

from haven.sessions.v1 import resources_pb2, sessions_pb2

from cli.room import activity_words, words
from cli.room.activity import Activity
from cli.room.plain_line import shown
from cli.room.signals import Signals

Frame = sessions_pb2.AttendSessionResponse
FACILITATOR = resources_pb2.PARTICIPANT_ROLE_FACILITATOR
SEATS = {
    resources_pb2.PARTICIPANT_ROLE_CO_FACILITATOR: FACILITATOR,
    resources_pb2.PARTICIPANT_ROLE_PHONE: resources_pb2.PARTICIPANT_ROLE_PATIENT,
}


class Kind(Enum):
    """Where a line belongs: to everybody in the room, to this person alone, to this program."""

    ROOM = "room"
    PRIVATE = "private"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to show."""

    kind: Kind
    text: str
    time: str
    number: int = 0  # of the room; other lines have none


class Gap(Exception):
    """An event came although the one before it did not: come again from the last cursor."""


class View:
    """Takes every frame once and in order, over as many connections as it takes."""

    def __init__(self, *, is_staff: bool, zone: tzinfo | None = None) -> None:
        self.is_staff, self.zone = is_staff, zone
        self.alias = ""
        self.room_cursor = 0
        self.private_cursor: int | None = None
        self.is_connected = False
        self.is_inside = False  # false at the door
        self.was_connected = False
        self.signals = Signals()
        self.activity = Activity()
        self._said_to_try = False
        self._people: dict[tuple[str, int], None] = {}
        self._people_as_of = 0
        self._patients: dict[str, str] = {}
        self._came_by_the_door = False  # this connection began with `waiting`

    @property
    def people(self) -> Sequence[str]:
        """Who is here, by the names that everybody sees."""
        return sorted(shown(alias) for alias, _ in self._people)

    @property
    def patients(self) -> Mapping[str, str]:
        """For staff: patients who were seen here, alias to id."""
        return self._patients

    @property
    def standing(self) -> Sequence[str]:
        """What may be relied on about every safety signal. To be shown as long as it is there."""
        told = [
            self._signal(each.signal) + (words.LATE if each.is_late else "")
            for each in self.signals.all()
        ]
        return [*self.signals.unanswered(), *told]

    @property
    def where(self) -> str:
        """This participant's place in a few words."""
        if not self.is_connected:
            return "not connected, trying" if self.was_connected else "coming to the door"
        return f"in the room as {shown(self.alias)}" if self.is_inside else "at the door"

    def take(self, frame: Frame) -> Sequence[Line]:
        """The lines that a frame adds. Raises Gap; takes nothing that was shown already."""
        match frame.WhichOneof("frame"):
            case "waiting":
                return self._wait(frame.waiting)
            case "welcome":
                return self._enter(frame.welcome)
            case "room_event":
                return self._room_event(frame.room_event)
            case "private_event":
                return self._private_event(frame.private_event)
        return []

    def lost(self, why: str) -> Sequence[Line]:
        """The connection is gone, or was not made; said once until there is one."""
        if not self.is_connected:
            is_news, self._said_to_try = not (self.was_connected or self._said_to_try), True
            return [self.notice(f"not there yet ({why}): trying again")] if is_news else []
        self.is_connected = self.is_inside = False
        self.signals.lost()
        return [self.notice(f"connection lost ({why}): coming back, nothing will be missed")]

    def notice(self, text: str) -> Line:
        """A line of this program's own."""
        return Line(Kind.NOTICE, text, words.now(self.zone))

    def private(self, text: str) -> Line:
        """A line for this person alone."""
        return Line(Kind.PRIVATE, text, words.now(self.zone))

    def _wait(self, waiting: sessions_pb2.Waiting) -> Sequence[Line]:
        self._came_by_the_door = True
        self._connect(is_inside=False)
        return [self.notice(words.waiting(waiting, self.zone))]

    def _enter(self, welcome: sessions_pb2.Welcome) -> Sequence[Line]:
        is_back = self.was_connected and not self.is_connected
        self._connect(is_inside=True)
        self.alias = welcome.alias
        self._people = {(each.alias, _seat(each.role)): None for each in welcome.participants}
        self._people_as_of = welcome.cursor
        for each in welcome.participants:
            self._remember(each.alias, each.patient_id)
        self.signals.welcomed(welcome.safety_signals, welcome.private_cursor)
        if self.private_cursor is None and not self._came_by_the_door:
            self.private_cursor = welcome.private_cursor
        self._came_by_the_door = False
        place = "in the room again" if is_back else "in the room"
        lines = [self.notice(f"{place} as {shown(self.alias)}. {self.who()}")]
        lines += [self.notice(each) for each in self.activity.welcomed(welcome)]
        lines += [self.private(self._signal(each)) for each in self.signals.open()]
        lines += [self.private(words.chat_risk(each)) for each in welcome.chat_risks]
        lines += [self.private(activity_words.mood(each)) for each in welcome.mood_check_ins]
        for entry in welcome.lobby:
            self._remember(entry.alias, entry.patient_id)
            lines.append(self.private(words.lobby_entry(entry, entry.alias)))
        return lines

    def who(self) -> str:
        """Who is here, as a sentence."""
        hands = f"; hands up: {', '.join(self.activity.hands)}" if self.activity.hands else ""
        return f"here: {', '.join(self.people) or 'nobody'}{hands}"

    def _connect(self, *, is_inside: bool) -> None:
        self.is_connected = self.was_connected = True
        self.signals.found()
        self.is_inside = is_inside

    def _room_event(self, event: resources_pb2.RoomEvent) -> Sequence[Line]:
        if event.number <= self.room_cursor:
            return []
        if event.number != self.room_cursor + 1:
            raise Gap(f"{event.number} after {self.room_cursor}")
        self.room_cursor = event.number
        self._remember(event.alias, event.patient_id)
        if event.number > self._people_as_of:
            self._count(event)
            self.activity.happened(event)
        at = words.time_of_day(event.create_time, self.zone)
        return [Line(Kind.ROOM, words.event(event), at, event.number)]

    def _count(self, event: resources_pb2.RoomEvent) -> None:
        person = (event.alias, _seat(event.role))
        if event.kind == resources_pb2.ROOM_EVENT_KIND_JOINED:
            self._people[person] = None
        elif event.kind == resources_pb2.ROOM_EVENT_KIND_LEFT:
            self._people.pop(person, None)

    def _private_event(self, event: resources_pb2.PrivateEvent) -> Sequence[Line]:
        if event.number:
            if self.private_cursor is not None and event.number <= self.private_cursor:
                return []
            if self.private_cursor is not None and event.number != self.private_cursor + 1:
                raise Gap(f"private {event.number} after {self.private_cursor}")
            self.private_cursor = event.number
        at = words.time_of_day(event.create_time, self.zone)
        return [Line(Kind.PRIVATE, each, at) for each in self._told(event)]

    def _told(self, event: resources_pb2.PrivateEvent) -> Sequence[str]:
        match event.WhichOneof("event"):
            case "safety_signal":
                self.signals.told(event)
                return [*words.departure(event), self._signal(event.safety_signal)]
            case "assignment":
                return [words.assignment(event.assignment, self.zone)]
            case "lobby_entry":
                entry = event.lobby_entry
                self._remember(entry.alias, entry.patient_id)
                return [words.lobby_entry(entry, entry.alias)]
            case "door_answer":
                return [words.door_answer(event.door_answer)]
        return [self.activity.private(event) or words.private(event)]

    def _remember(self, alias: str, patient_id: str) -> None:
        if patient_id:
            self._patients[alias] = patient_id

    def _signal(self, signal: resources_pb2.SafetySignal) -> str:
        return words.signal(signal, self.zone, is_staff=self.is_staff)


def _seat(role: resources_pb2.ParticipantRole.ValueType) -> int:
    """What stays of a role whoever leads, and by whatever way a patient is there."""
    return SEATS.get(role, role)
