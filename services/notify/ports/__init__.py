"""What the use cases of notify need from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chassis.store import Ahead, Page, Reader, Tx
from services.notify.domain.census import Census
from services.notify.domain.commands import GiveConsent, KeepCase, ListPage, RevokeConsent
from services.notify.domain.contact import ContactPoint, PatientContact
from services.notify.domain.link import Link
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.policy import NotifyPolicy
from services.notify.domain.wording import Language

# A tenant's numbers.
PolicyOf = Callable[[str], NotifyPolicy]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in plain text, for the moment in which it is handed over."""

    # The same for every attempt at one message: what comes twice can be known by it.
    message_id: str
    sender_address: str
    sender_name: str
    recipient_address: str = field(repr=False)
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message in plain text, for the moment in which a provider is given it."""

    # The same for every attempt at one message by one channel: what comes twice is known by it.
    message_id: str
    tenant_id: str
    channel: Channel
    address: str = field(repr=False)
    sender_address: str
    sender_name: str
    subject: str
    body: str
    # A page: a call offers the keypad, a text says what to reply.
    is_answerable: bool = False
    # In which the text is, and whatever its carrier adds to it.
    language: Language = Language.ENGLISH
    # Providers that took this message by this channel and never said that it arrived: the last
    # ones to be asked again.
    silent_providers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider took a message: which one, and what it calls it ("" where it gives no name)."""

    provider: str
    reference: str = ""


class Provider(Protocol):
    """Carries one channel's messages to the outside, within seconds or not at all."""

    @property
    def name(self) -> str:
        """As settings, metrics and attempts name it: lower-case words."""
        ...

    def send(self, dispatch: Dispatch) -> Receipt:
        """Return once the provider took it.

        Raises Unavailable where another provider or another time can help, FailedPrecondition
        where they cannot.
        """
        ...


class Cipher(Protocol):
    """Turns a tenant's texts into ciphertext and back."""

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        """The text as ciphertext."""
        ...

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        """The text again."""
        ...


class MessageBook(Protocol):
    """The tenant's messages."""

    def find(self, reader: Reader, message_id: str) -> Message | None:
        """The message, if it exists."""
        ...

    def peek(self, reader: Reader, message_id: str) -> Message | None:
        """The message, if it exists, for an answer that shows nobody anything of it: leaves no
        audit row."""
        ...

    def load(self, reader: Reader, message_id: str) -> Message:
        """The message; NotFound where the tenant has none."""
        ...

    def ahead(self, message_id: str) -> Sequence[Ahead]:
        """What `find` and `load` will read."""
        ...

    def ahead_of_claim(self, message_id: str) -> Sequence[Ahead]:
        """The same, and what `Copies.in_hand_since` will read of a page's case."""
        ...

    def look_ahead(self, tx: Tx, message_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        ...

    def insert(self, tx: Tx, message: Message) -> Message:
        """Keep a new message."""
        ...

    def insert_all(self, tx: Tx, messages: Sequence[Message]) -> list[Message]:
        """Keep new messages, in one stroke."""
        ...

    def save(self, tx: Tx, message: Message) -> Message:
        """Keep what happened to a message."""
        ...

    def save_all(self, tx: Tx, messages: Sequence[Message]) -> list[Message]:
        """Keep what happened to messages, in one stroke."""
        ...

    def forget(self, tx: Tx, message_id: str) -> None:
        """Remove a drill's message."""
        ...

    def page(self, reader: Reader, asked: ListPage) -> Page[Message]:
        """Messages of a recipient or of a page, newest first."""
        ...

    def by_reference(self, reader: Reader, reference: str) -> Message | None:
        """The message that a provider calls so, if there is one."""
        ...

    def late_pages(self, reader: Reader, recipient_id: str) -> list[Message]:
        """The recipient's pages whose time is not over, or not for longer than ANSWERABLE, newest
        first; the newest 20 of them."""
        ...

    def parked(self, reader: Reader, message_class: MessageClass, limit: int) -> list[Message]:
        """Parked messages of one class, at most so many."""
        ...

    def census(self, reader: Reader) -> Census:
        """How many messages are where at one instant: in flight, or ended and of the last day."""
        ...


class LinkBook(Protocol):
    """The one-time links of the tenant's pages."""

    def find(self, reader: Reader, token: str) -> Link | None:
        """The link, if the tenant gave it out."""
        ...

    def insert(self, tx: Tx, link: Link) -> Link:
        """Keep a new one."""
        ...

    def save(self, tx: Tx, link: Link) -> Link:
        """Keep that it was used."""
        ...

    def forget_of(self, tx: Tx, message_id: str) -> None:
        """Remove the links of a drill's message."""
        ...


class ContactBook(Protocol):
    """How people are reached."""

    def points(self, reader: Reader, recipient_id: str) -> list[ContactPoint]:
        """All of a member of staff's, in their order."""
        ...

    def all_points(self, reader: Reader) -> list[ContactPoint]:
        """Those of all the tenant's staff."""
        ...

    def contact_point(
        self, reader: Reader, recipient_id: str, channel: Channel
    ) -> ContactPoint | None:
        """How a member of staff is reached."""
        ...

    def keep(self, tx: Tx, point: ContactPoint) -> ContactPoint:
        """Keep a new or moved contact point."""
        ...

    def page(self, reader: Reader, asked: ListPage) -> Page[ContactPoint]:
        """A recipient's contact points."""
        ...

    def patient(self, reader: Reader, patient_id: str) -> PatientContact | None:
        """How a patient is reached."""
        ...

    def look_ahead(self, tx: Tx, patient_ids: Iterable[str]) -> None:
        """Many patients are about to be asked for."""
        ...

    def keep_patient(self, tx: Tx, contact: PatientContact, version: int) -> None:
        """Remember how a patient is reached, unless something newer is known."""
        ...


class Copies(Protocol):
    """What other services said; it decides whether a message is still wanted."""

    def keep_case(self, tx: Tx, case: KeepCase, version: int) -> None:
        """Remember what happened to a case."""
        ...

    def forget_case(self, tx: Tx, case_id: str) -> None:
        """Remove what is known of a drill's case."""
        ...

    def in_hand_since(self, reader: Reader, case_id: str) -> int:
        """The version at which a human last took or ended the case; 0 = never."""
        ...

    def keep_revocation(self, tx: Tx, revocation: RevokeConsent, version: int) -> None:
        """Remember that a patient wants no messages."""
        ...

    def keep_consent(self, tx: Tx, consent: GiveConsent, version: int) -> None:
        """Remember that a patient agreed to messages."""
        ...

    def look_ahead(self, tx: Tx, patient_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        ...

    def has_revoked(self, reader: Reader, patient_id: str) -> bool:
        """True where the patient wants no messages, unless surely agreed to again since."""
        ...
