"""What staff does and says in private: as documents and back, and as messages."""

from __future__ import annotations

from haven.sessions.v1 import resources_pb2

from chassis.store import Document
from services.sessions.codec.answers import ROLES
from services.sessions.domain.aside import AsideRoom
from services.sessions.domain.moderation import Act, Moderation
from services.sessions.domain.roles import Role
from services.sessions.domain.whisper import PrivateWord

ACTS = {resources_pb2.ModerationAct.Value(f"MODERATION_ACT_{act.name}"): act for act in Act}
ACT_NUMBERS = {act: number for number, act in ACTS.items()}


def moderation_from(document: Document) -> Moderation:
    """What was done, again."""
    return Moderation(
        document["session_id"], Act(document["act"]), document["alias"], document["contact_id"]
    )


def word_from(document: Document) -> PrivateWord:
    """The word again."""
    return PrivateWord(
        document["session_id"],
        document["alias"],
        Role(document["role"]),
        document["text"],
        document["recipient_alias"],
    )


def aside_from(document: Document) -> AsideRoom:
    """The room again."""
    return AsideRoom(**document)


def put_private(
    message: resources_pb2.PrivateEvent,
    about: Moderation | PrivateWord | AsideRoom,
    *,
    for_staff: bool,
) -> None:
    """What it is about, into the event."""
    match about:
        case Moderation():
            message.moderation.CopyFrom(moderation_message(about, for_staff=for_staff))
        case PrivateWord():
            message.private_word.CopyFrom(word_message(about))
        case AsideRoom():
            message.aside_room.CopyFrom(aside_message(about))


def moderation_message(about: Moderation, *, for_staff: bool) -> resources_pb2.Moderation:
    """What was done; who takes over is shown to staff alone."""
    return resources_pb2.Moderation(
        session_id=about.session_id,
        act=ACT_NUMBERS[about.act],
        alias=about.alias,
        contact_id=about.contact_id if for_staff else "",
    )


def word_message(about: PrivateWord) -> resources_pb2.PrivateWord:
    """A word and who says it to whom."""
    return resources_pb2.PrivateWord(
        session_id=about.session_id,
        alias=about.alias,
        role=ROLES[about.role],
        recipient_alias=about.recipient_alias,
        text=about.text,
    )


def aside_message(about: AsideRoom) -> resources_pb2.AsideRoom:
    """Where two meet."""
    return resources_pb2.AsideRoom(
        session_id=about.session_id,
        group_session_id=about.group_session_id,
        alias=about.alias,
        staff_alias=about.staff_alias,
    )


def moderation_document(about: Moderation) -> Document:
    """What was done."""
    return {
        "session_id": about.session_id,
        "act": about.act.value,
        "alias": about.alias,
        "contact_id": about.contact_id,
    }


def word_document(about: PrivateWord) -> Document:
    """A word, to be found by its session when its time is over."""
    return {
        "session_id": about.session_id,
        "alias": about.alias,
        "role": about.role.value,
        "text": about.text,
        "recipient_alias": about.recipient_alias,
    }


def aside_document(about: AsideRoom) -> Document:
    """Where two meet."""
    return {
        "session_id": about.session_id,
        "group_session_id": about.group_session_id,
        "alias": about.alias,
        "staff_alias": about.staff_alias,
    }
