"""What is said in plain words: states of a signal, events of a room, refusals and what helps."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from google.protobuf.timestamp_pb2 import Timestamp
from haven.sessions.v1 import assignments_pb2, events_pb2, sessions_pb2
from haven.sessions.v1 import resources_pb2 as pb

from cli.room import activity_words
from cli.room.plain_line import shown

# Answered at any hour (services/sessions/domain/policy.py), until the service has named another.
CALL_NUMBER = "988"
UNKNOWN = "something happened for you that this client does not know: ask the program"
LATE = "; that was before the connection was lost"

HELP = (
    "a line of text is said to the room; //... says a line that begins with a slash",
    "/who  who is here    /leave  go    /help  this",
    "/hand  you would like to speak    /lower  take the hand down",
    "/react heart, applause, agree, me-too or thanks",
)
HELP_PATIENT = (
    "/sos  I am not safe: calls for help in private, the others see nothing",
    "/mood 0 (the worst) to 10 (the best)  how you are: staff see it, the others see nothing",
    "/vote NUMBER  answers the poll; nobody is told who voted what",
)
HELP_STAFF = (
    "/sos ALIAS  you fear for a patient: calls for help, the others see nothing",
    "/start  /break  /resume  /end  the session    /lower ALIAS  somebody's hand",
    "/poll QUESTION | ONE | ANOTHER  asks; /poll-staff: staff alone see the result; /close  counts",
    "/mood  asks everybody how they are; their answers are private",
    "/admit ALIAS  /deny ALIAS  who waits at the door; /handover ALIAS denies, and somebody calls",
)

EVENTS = {
    pb.ROOM_EVENT_KIND_JOINED: "* {alias} came in",
    pb.ROOM_EVENT_KIND_LEFT: "* {alias} went out",
    pb.ROOM_EVENT_KIND_CHAT: "{alias}: {text}",
    pb.ROOM_EVENT_KIND_SESSION_STARTED: "* the session has begun",
    pb.ROOM_EVENT_KIND_SESSION_ENDED: "* the session is over",
    pb.ROOM_EVENT_KIND_BREAK_STARTED: "* a break begins",
    pb.ROOM_EVENT_KIND_BREAK_ENDED: "* the break is over",
    pb.ROOM_EVENT_KIND_PROMOTED: "* {alias} leads from now on",
    pb.ROOM_EVENT_KIND_HELD: "* nobody who leads is here: please wait, somebody is being called",
    pb.ROOM_EVENT_KIND_RESUMED: "* {alias} is here: the session goes on",
    pb.ROOM_EVENT_KIND_LOCKED: "* nobody new comes in for now",
    pb.ROOM_EVENT_KIND_UNLOCKED: "* others may come in again",
}
MODERATIONS = {
    pb.MODERATION_ACT_MUTE: "is muted; a call for help always goes",
    pb.MODERATION_ACT_UNMUTE: "may speak",
    pb.MODERATION_ACT_REMOVE: "was shown out, and may come again",
    pb.MODERATION_ACT_BAR: "was shown out of this session for good",
    pb.MODERATION_ACT_UNBAR: "may come back",
}

SEVERITIES = {
    events_pb2.CHAT_RISK_SEVERITY_LOW: "low",
    events_pb2.CHAT_RISK_SEVERITY_MODERATE: "moderate",
    events_pb2.CHAT_RISK_SEVERITY_HIGH: "high",
}
DEPARTURES = {
    events_pb2.DEPARTURE_KIND_LEFT: "left",
    events_pb2.DEPARTURE_KIND_LOST: "lost the connection",
    events_pb2.DEPARTURE_KIND_DISMISSED: "was let go with the session",
}

ASSIGNMENTS = {
    assignments_pb2.ASSIGNMENT_STATE_ASSIGNED: "was given",
    assignments_pb2.ASSIGNMENT_STATE_SUBMITTED: "was handed in",
    assignments_pb2.ASSIGNMENT_STATE_REVIEWED: "was accepted",
    assignments_pb2.ASSIGNMENT_STATE_RETURNED: "was given back",
    assignments_pb2.ASSIGNMENT_STATE_WITHDRAWN: "is not to be done any more, and was",
}
WAITS = {
    pb.WAIT_REASON_BEFORE_START: "you are let in as soon as the session begins",
    pb.WAIT_REASON_LATE: "it has begun; a facilitator has been asked to let you in",
    pb.WAIT_REASON_HELD_FOR_LICENSE: "nobody there may treat you where you are now; somebody has "
    "been asked to be in touch with you",
    pb.WAIT_REASON_HELD_FOR_LEAD: "nobody leads the room just now; you are let in as soon as "
    "somebody does",
}
LOBBY_WAITS = {
    pb.WAIT_REASON_BEFORE_START: "waits for the beginning",
    pb.WAIT_REASON_LATE: "comes late and waits for a word of yours",
    pb.WAIT_REASON_HELD_FOR_LICENSE: "is held: nobody here is licensed where they are; somebody "
    "has been asked to be in touch with them",
    pb.WAIT_REASON_HELD_FOR_LEAD: "waits until somebody leads",
}
LOBBY_STATES = {
    pb.LOBBY_STATE_ADMITTED: "was admitted",
    pb.LOBBY_STATE_DENIED: "was denied",
    pb.LOBBY_STATE_GONE: "went from the door",
}
DOOR_ANSWERS = {
    pb.DOOR_ANSWER_STATE_ADMITTED: "a facilitator lets you in",
    pb.DOOR_ANSWER_STATE_DENIED: "a facilitator did not let you in: call the program",
    pb.DOOR_ANSWER_STATE_CHANGED: "something changed: asking the door again",
}

# Reason: what it means, and what would help.
REASONS = {
    "NOT_FOUND": "there is no such session, or no seat in it for this person: check both ids",
    "NOT_FACILITATOR": "somebody else leads this session: come as its facilitator",
    "CONSENT_REVOKED": "a consent that this needs was revoked: sign it again, then come again",
    "BARRED": "staff has shown this person out of the session for good: call the program",
    "ROOM_LOCKED": "staff lets nobody new in at the moment: come again later, or call",
    "MUTED": "staff has muted you: /hand asks to speak; a call for help always goes",
    "SESSION_ENDED": "the session is over: come to the next one",
    "SESSION_CANCELED": "the session was canceled: come to the next one",
    "SESSION_NOT_STARTED": "the session has not begun: come again nearer to its time",
    "SESSION_TOO_EARLY": "it is too early to begin: try again nearer to its time",
    "SESSION_ALREADY_STARTED": "the session has begun already",
    "SESSION_PAUSED": "a break is on already: /resume ends it",
    "SESSION_NOT_PAUSED": "no break is on",
    "LOCATION_STALE": "nobody knows where you are now: attest the location (AttestLocation), "
    "then come again",
    "ALIAS_PENDING": "the alias for this group is on its way: come again in a moment",
    "LICENSE_STATE_MISMATCH": "nobody there is licensed where the patient is: ask the program",
    "TICKET_REQUIRED": "this client came without a ticket: join anew",
    "TICKET_MISMATCH": "the ticket is somebody else's: join anew",
    "RESUME_UNKNOWN": "you came in from somewhere else; that connection goes on",
    "ADMISSION_DENIED": "a facilitator did not let you in: call the program",
    "DOOR_CLOSED": "it is too late for this group: call the program",
    "PATIENT_NOT_WAITING": "nobody by that alias waits at the door",
    "HANDOVER_REQUIRED": "this patient is at risk: /handover ALIAS, so that somebody calls",
    "CURSOR_UNKNOWN": "the room does not know what was seen there: join anew",
    "SEAT_RELEASED": "there is no seat in this session any more: ask the program",
    "ROLE_NOT_ALLOWED": "this token may not do that: come with the token of the right role",
    "PATIENT_NOT_ALLOWED": "this token is of somebody else: come with your own",
    "TEXT_REQUIRED": "there is nothing to say",
    "TEXT_TOO_LONG": "it is too long: say it in several lines",
    "MESSAGE_TOO_LARGE": "it is too long: say it in several lines",
    "TEXT_MALFORMED": "control characters are not text",
    "NOT_ADMITTED": "the session has not begun: say it once you are in the room",
    "PATIENTS_ONLY": "that is for patients",
    "POLL_MALFORMED": "a question and some different short options: /poll QUESTION | ONE | ANOTHER",
    "POLL_OPEN_ALREADY": "a poll is open already: /close it first",
    "POLL_CLOSED": "the poll is closed",
    "OPTION_UNKNOWN": "no option of the poll has that number",
    "UNAUTHENTICATED": "the token is not accepted here: get a new one, then come again",
    "PERMISSION_DENIED": "this token may not do that: come with the token of the right role",
    "UNAVAILABLE": "nothing answers: try again in a while",
}


def time_of_day(stamp: Timestamp, zone: tzinfo | None) -> str:
    """Hours, minutes and seconds where the reader is."""
    return stamp.ToDatetime(tzinfo=UTC).astimezone(zone).strftime("%H:%M:%S")


def now(zone: tzinfo | None) -> str:
    """The same for this moment."""
    return datetime.now(UTC).astimezone(zone).strftime("%H:%M:%S")


def event(happened: pb.RoomEvent) -> str:
    """An event of the room; one of a kind that is not known here is still told."""
    if happened.is_text_removed:
        return f"{shown(happened.alias)}: (removed, its time is over)"
    if (told := activity_words.event(happened)) is not None:
        return told
    wording = EVENTS.get(happened.kind, "* something happened that this client does not know")
    return wording.format(alias=shown(happened.alias), text=shown(happened.text))


def chat_risk(risk: pb.ChatRisk) -> str:
    """For staff: a message of the room that somebody should look at."""
    how = SEVERITIES.get(risk.severity, "high")
    where = f"line {risk.number}" if risk.number else "a line that was refused"
    if risk.assignment_id or risk.group_id:
        where = "in an assignment" if risk.assignment_id else "on the group's board"
        where += f", number {risk.number}" if risk.number else ", and it was refused"
    where = "a private word" if risk.is_private else where
    return f"{shown(risk.alias)} wrote what may mean danger ({how}): {where}; staff are called"


def assignment(notice: pb.AssignmentNotice, zone: tzinfo | None) -> str:
    """What became of an assignment; what it is about is in the program alone."""
    how = ASSIGNMENTS.get(notice.state, "changed")
    due = notice.due_time.ToDatetime(tzinfo=UTC).astimezone(zone)
    of = f"{shown(notice.alias)}: an" if notice.alias else "an"
    return f"{of} assignment {how}, due {due:%A %d %B, %H:%M}: see the program"


def private(event: pb.PrivateEvent) -> str:
    """What is told to this person alone and is no safety signal."""
    match event.WhichOneof("event"):
        case "chat_risk":
            return chat_risk(event.chat_risk)
        case "moderation":
            return moderation(event.moderation)
        case "private_word":
            return private_word(event.private_word)
        case "aside_room":
            return aside_room(event.aside_room)
    return UNKNOWN


def moderation(done: pb.Moderation) -> str:
    """What staff did to somebody, who may be the reader."""
    how = MODERATIONS.get(done.act, "is affected in a way that this client does not know")
    return f"{shown(done.alias)} {how}"


def private_word(word: pb.PrivateWord) -> str:
    """Between staff and one patient."""
    to = f" to {shown(word.recipient_alias)}" if word.recipient_alias else " to staff"
    return f"{shown(word.alias)}{to}: {shown(word.text) or '(removed, its time is over)'}"


def aside_room(room: pb.AsideRoom) -> str:
    """Where two meet besides the group."""
    who = f"{shown(room.staff_alias)} and {shown(room.alias)}"
    return f"{who} meet aside: haven room {room.session_id}"


def waiting(told: sessions_pb2.Waiting, zone: tzinfo | None) -> str:
    """Why somebody is at the door, and whom they can call at any hour."""
    start = time_of_day(told.start_time, zone)
    why = WAITS.get(told.reason, WAITS[pb.WAIT_REASON_BEFORE_START])
    call = f". {told.call_number} answers at any hour" if told.call_number else ""
    return f"at the door: planned for {start}; {why}{call}"


def lobby_entry(told: pb.LobbyEntry, alias: str) -> str:
    """For staff: somebody at the door."""
    waits = LOBBY_WAITS.get(told.reason, "waits")
    what = LOBBY_STATES.get(told.state, waits)
    risk = " AT RISK: do not leave them alone." if told.is_at_risk else ""
    return f"{shown(alias) or 'a patient'} {what}.{risk}"


def door_answer(told: pb.DoorAnswer) -> str:
    """For somebody at the door."""
    return DOOR_ANSWERS.get(told.state, DOOR_ANSWERS[pb.DOOR_ANSWER_STATE_CHANGED])


def departure(told: pb.PrivateEvent) -> list[str]:
    """For staff: the patient of a signal has gone, and nobody is known to have reached them."""
    if not told.HasField("departure"):
        return []
    who = shown(told.safety_signal.alias) or "a patient"
    how = DEPARTURES.get(told.departure.kind, "has gone")
    return [f"{who} {how} and nobody is known to have reached them: more people are called"]


def refusal(reason: str, code: str = "") -> str:
    """A reason, what it means, and what would help where we know it."""
    meaning = REASONS.get(reason) or REASONS.get(code, "")
    name = reason or code
    return f"{name}: {meaning}" if meaning else name


def signal(told: pb.SafetySignal, zone: tzinfo | None, *, is_staff: bool) -> str:
    """What may be relied on, and never more than that; an unknown state is no help yet."""
    call = told.call_number or CALL_NUMBER
    state = _of_patient(told, zone, is_staff=is_staff)
    if not is_staff:
        return f"your call for help: {state[0].format(call=call)}"
    by = "" if told.origin == events_pb2.SAFETY_SIGNAL_ORIGIN_PATIENT else ", raised by staff"
    return f"call for help of {shown(told.alias) or 'a patient'}{by}: {state[1]}"


def _of_patient(told: pb.SafetySignal, zone: tzinfo | None, *, is_staff: bool) -> tuple[str, str]:
    """For the patient, and for staff."""
    who = shown(told.holder_role) or "member of staff"
    reached = _reached(told, zone, "them" if is_staff else "you")
    match told.state:
        case pb.SAFETY_SIGNAL_STATE_RESOLVED:
            return (f"closed{reached}. {{call}} answers at any hour", f"closed{reached}")
        case pb.SAFETY_SIGNAL_STATE_HELD_BY_ROLE:
            has_it = f"a {who} has it{reached}"
            return (f"{has_it}. {{call}} answers at any hour", has_it)
        case pb.SAFETY_SIGNAL_STATE_SENT:
            return (
                "sent, somebody is being called; nobody has it yet. {call} answers at any hour",
                "sent, somebody is being called; nobody has it yet",
            )
    if not told.is_stored:
        text = "NOT RECORDED YET, sending goes on, nobody has it"
        return (f"{text}: call {{call}} now", f"{text}: reach them yourself, now")
    return ("NOBODY HAS IT YET: call {call} now", "NOBODY HAS IT YET: reach them yourself, now")


def _reached(told: pb.SafetySignal, zone: tzinfo | None, whom: str) -> str:
    if not told.HasField("contact_time"):
        return ""
    return f" and reached {whom} at {time_of_day(told.contact_time, zone)}"
