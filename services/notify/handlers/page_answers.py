"""Answers from the telephone: by keypad, by text, by a one-time link. Each tells crisis once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.call import Actor, Call, Role
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Reader, Store, Tx
from services.notify.domain.answer import Answer, TextReply, answer_of_keys, answer_of_text
from services.notify.domain.commands import AnswerByKeys, AnswerByLink
from services.notify.domain.inbound import StaffText
from services.notify.domain.link import Link, Opened, Standing
from services.notify.domain.message import Channel, Message
from services.notify.domain.wording import Language
from services.notify.handlers.counting import RECORDED, REPEATED, UNKNOWN, answers, count_end
from services.notify.handlers.receipts import message_of
from services.notify.ports import Copies, LinkBook, MessageBook


@dataclass(frozen=True, slots=True)
class Said:
    """What came of an answer."""

    message: Message
    is_news: bool
    has_ended_now: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a text of somebody on the staff; counted once it is committed."""

    reply: TextReply
    answer: Answer | None
    said: Said | None = None


class PageAnswers:
    """The recipient of a page says something to it; whoever else does, changes nothing."""

    def __init__(self, store: Store, *, book: MessageBook, links: LinkBook, copies: Copies) -> None:
        self._store = store
        self._book = book
        self._links, self._copies = links, copies

    def by_keys(self, call: Call, command: AnswerByKeys) -> Answer | None:
        """The answer that was pressed in a call; None where the keys mean nothing.

        A call is about its page however long it takes, so it may be answered after its expiry.
        NotFound where no message of the tenant can be meant.
        """
        answer = answer_of_keys(command.digits)

        def change(tx: Tx) -> Said | None:
            message = message_of(self._book, tx, command.message_id, command.reference)
            return self._say(tx, message, answer, Channel.VOICE) if answer else None

        try:
            said = self._store.transact(call, change)
        except (NotFound, FailedPrecondition):
            answers.labels(Channel.VOICE, answer or "none", UNKNOWN).inc()
            raise
        self._count(said, answer, Channel.VOICE)
        return answer

    def by_text(self, tx: Tx, text: StaffText) -> Heard:
        """What the sender is told, inside the transaction that keeps the text.

        The answer is to their newest page that was not answered yet, else to the newest; to one
        whose case somebody has already only where there is no other. A page whose time is over may
        be answered as long as nobody has its case. A number that several people share answers for
        all of them.
        """
        answer = answer_of_text(text.text)
        asked = [page for owner in text.staff_ids for page in self._book.late_pages(tx, owner)]
        pages = [page for page in asked if self._is_open(tx, page)]
        if not pages:
            return Heard(TextReply.NOTHING_OPEN, answer)
        if answer is None:
            return Heard(TextReply.UNCLEAR, answer)
        # Of two pages the second "1" means the other one.
        newest = max(
            pages,
            key=lambda page: (self._waits(tx, page), not page.answers, page.accept_time),
        )
        return Heard(TextReply.RECORDED, answer, self._say(tx, newest, answer, Channel.SMS))

    def _is_open(self, reader: Reader, message: Message) -> bool:
        return message.expire_time > reader.now or self._waits(reader, message)

    def _waits(self, reader: Reader, message: Message) -> bool:
        page = message.page
        if page is None or message.is_superseded:
            return False
        return self._copies.in_hand_since(reader, page.case_id) <= page.case_version

    def count(self, heard: Heard) -> None:
        """Count a text of staff that was committed."""
        self._count(heard.said, heard.answer, Channel.SMS)

    def look(self, call: Call, token: str) -> Opened:
        """What a link is good for; looking changes nothing. NotFound for a stranger's."""

        def look(reader: Reader) -> Opened:
            if (link := self._links.find(reader, token)) is None:
                raise NotFound("LINK_UNKNOWN", "no such link")
            return self._opened(reader, link)

        return self._store.read(call, look)

    def by_link(self, call: Call, command: AnswerByLink) -> Opened:
        """OPEN where the answer was taken: the link is used up by it. Else why it was not.

        NotFound for a stranger's. The audit trail names the recipient, for whom the link stands.
        """

        def owner(reader: Reader) -> str:
            if (link := self._links.find(reader, command.token)) is None:
                raise NotFound("LINK_UNKNOWN", "no such link")
            return link.recipient_id

        person = Actor(self._store.read(call, owner), frozenset({Role.CLINICIAN}))
        own = Call(call.tenant_id, person, "page.answer", None, call.deadline)
        opened, said = self._store.transact(own, lambda tx: self._use(tx, command))
        self._count(said, command.answer, Channel.EMAIL)
        return opened

    def _use(self, tx: Tx, command: AnswerByLink) -> tuple[Opened, Said | None]:
        if (link := self._links.find(tx, command.token)) is None:
            return Opened(Standing.EXPIRED, Language.ENGLISH), None
        opened = self._opened(tx, link)
        if opened.standing is not Standing.OPEN:
            return opened, None
        message = self._book.load(tx, link.message_id)
        link.use_time = tx.now
        self._links.save(tx, link)
        return opened, self._say(tx, message, command.answer, Channel.EMAIL)

    def _opened(self, reader: Reader, link: Link) -> Opened:
        """A link outlives its page, and not that somebody else has the case then."""
        opened = link.opened(reader.now)
        if opened.standing is not Standing.OPEN:
            return opened
        message = self._book.peek(reader, link.message_id)
        is_open = message is not None and self._is_open(reader, message)
        return opened if is_open else replace(opened, standing=Standing.EXPIRED)

    def _say(self, tx: Tx, message: Message, answer: Answer, channel: Channel) -> Said:
        had_ended = message.has_ended
        is_news = message.answer(answer, channel, tx.now)
        if is_news:
            self._book.save(tx, message)
        return Said(message, is_news, message.has_ended and not had_ended)

    def _count(self, said: Said | None, answer: Answer | None, channel: Channel) -> None:
        outcome = UNKNOWN if said is None else RECORDED if said.is_news else REPEATED
        answers.labels(channel, answer or "none", outcome).inc()
        if said is not None and said.has_ended_now:
            count_end(said.message)
