"""What notify may be asked to do, and the facts of other services that it takes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clinical.risk import Severity
from services.notify.domain.answer import Answer
from services.notify.domain.attempt import Channel, Receipt
from services.notify.domain.message import Message, MessageClass
from services.notify.domain.wording import Language, TemplateRef


@dataclass(frozen=True, slots=True)
class SendPage:
    """Crisis wants this person woken. No severity: crisis did not say, so it may be the worst."""

    page_id: str
    case_id: str
    recipient_id: str
    expire_time: datetime
    severity: Severity | None = None
    # Pages that it takes the place of, each with its recipient.
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Nudge:
    """A patient did not come to a session."""

    session_id: str
    patient_id: str
    notice_time: datetime


@dataclass(frozen=True, slots=True)
class RemindOfTask:
    """A patient has not done what they were given to do."""

    reminder_id: str
    patient_id: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class TellOfTask:
    """A member of staff is asked to look at something; asked `number` times."""

    task_id: str
    recipient_id: str
    number: int
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class TellOverdue:
    """Something that a member of staff looks after was not done in time; told `number` times."""

    follow_up_id: str
    recipient_id: str
    number: int
    notice_time: datetime


@dataclass(frozen=True, slots=True)
class TellOfReveal:
    """A name was opened; those who watch over privacy should look at it."""

    alias_reveal_id: str
    recipient_ids: tuple[str, ...]
    notice_time: datetime


@dataclass(frozen=True, slots=True)
class TellOfPerson:
    """A patient waits for a person; a member of staff who is on duty should know."""

    person_request_id: str
    recipient_id: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class TellOfRoom:
    """A room is held; a member of staff who can come should know."""

    session_id: str
    recipient_id: str
    hold_time: datetime


@dataclass(frozen=True, slots=True)
class TellOfCover:
    """Hours that nobody covers were found, for the `notice`-th time, or are settled."""

    gap_id: str
    recipient_id: str
    notice: int
    template: TemplateRef


@dataclass(frozen=True, slots=True)
class KeepCase:
    """What happened to a case; `in_hand` where pages asked for before it are no longer wanted."""

    case_id: str
    state: str
    in_hand: bool


@dataclass(frozen=True, slots=True)
class ForgetDrill:
    """A drill of crisis is removed, and with it what it made here."""

    case_id: str
    page_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevokeConsent:
    """A patient took a consent back."""

    patient_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """A patient signed a consent, for the first time or again."""

    patient_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class RegisterContactPoint:
    """How a member of staff is reached from now on."""

    recipient_id: str
    channel: Channel
    address: str = field(repr=False)
    etag: str = ""
    # 0 = the channel's own place in the order.
    rank: int = 0


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """How a wording looks; without a version the newest."""

    template_id: str
    version: int
    # None = mail, or what the wording has instead.
    channel: Channel | None = None
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True)
class Preview:
    """A wording with sample values."""

    template: TemplateRef
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class ResendMessage:
    """A person lets a message that got stuck go again."""

    message_id: str


@dataclass(frozen=True, slots=True)
class RedriveMessages:
    """A person lets parked messages of one class go again, at most `limit` of them."""

    message_class: MessageClass
    limit: int


@dataclass(frozen=True, slots=True)
class Redriven:
    """What went again, and whether there is more."""

    messages: tuple[Message, ...]
    has_more: bool

    @property
    def count(self) -> int:
        """How many went again."""
        return len(self.messages)


@dataclass(frozen=True, slots=True)
class NoteReceipt:
    """A provider says what became of what it took. The message is known where its callback's
    address names it."""

    reference: str
    receipt: Receipt
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class AnswerByKeys:
    """Somebody pressed keys in a call."""

    reference: str
    digits: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class AnswerByLink:
    """Somebody pressed a button on a one-time page."""

    token: str = field(repr=False)
    answer: Answer


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of a list; exactly one of the two ids is given."""

    recipient_id: str
    page_id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class RevealText:
    """The caller must read what somebody wrote, for a reason."""

    inbound_id: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a provider needs for one attempt, as it left the database."""

    message_id: str
    attempt: int
    channel: Channel
    address_ciphertext: bytes = field(repr=False)
    reference: str
    language: Language = Language.ENGLISH
    # More values for the wording, as JSON; empty = none.
    values_ciphertext: bytes = field(default=b"", repr=False)
    # Providers that took this message by this channel and never said that it arrived.
    silent_providers: frozenset[str] = frozenset()
    # All of the recipient's, best first.
    channels: tuple[Channel, ...] = ()
