"""What notify may be asked to do, and the facts of other services that it takes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.notify.domain.message import Channel
from services.notify.domain.template import TemplateRef
from services.notify.domain.wording import Language


@dataclass(frozen=True, slots=True)
class SendPage:
    """Crisis wants this person woken."""

    page_id: str
    case_id: str
    recipient_id: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class Nudge:
    """A patient did not come to a session."""

    session_id: str
    patient_id: str
    notice_time: datetime


@dataclass(frozen=True, slots=True)
class TellOverdue:
    """Something that a member of staff looks after was not done in time; told `number` times."""

    follow_up_id: str
    recipient_id: str
    number: int
    notice_time: datetime


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


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of a list; exactly one of the two ids is given."""

    recipient_id: str
    page_id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a provider needs for one attempt, as it left the database."""

    message_id: str
    attempt: int
    address_ciphertext: bytes = field(repr=False)
    reference: str
    channel: Channel = Channel.EMAIL
    language: Language = Language.ENGLISH
    # More values for the wording, as JSON; empty = none.
    values_ciphertext: bytes = field(default=b"", repr=False)
