"""Messages that carry something of their own: codes, answers to texts, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.store import Store, Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Message, MessageClass
from services.notify.domain.template import TemplateRef
from services.notify.ports import MessageBook
from services.notify.ports.consent import Enclosures


@dataclass(frozen=True, slots=True)
class Post:
    """A message to be accepted together with what it carries; its id is the enclosure's."""

    message_class: MessageClass
    recipient: Owner
    template: TemplateRef
    expire_time: datetime
    enclosure: Enclosure


class Posting:
    """Accepts a message inside somebody else's transaction: both are committed or neither."""

    def __init__(self, store: Store, *, book: MessageBook, enclosures: Enclosures) -> None:
        self._store = store
        self._book = book
        self._enclosures = enclosures

    def post(self, tx: Tx, post: Post) -> Message | None:
        """The new message; None where one of this id exists."""
        return next(iter(self.post_all(tx, [post])), None)

    def post_all(self, tx: Tx, posts: Sequence[Post]) -> list[Message]:
        """The new messages, in a few strokes; without those of whose id one exists."""
        self._book.look_ahead(tx, [post.enclosure.message_id for post in posts])
        fresh = [each for each in posts if self._book.find(tx, each.enclosure.message_id) is None]
        self._enclosures.keep(tx, [post.enclosure for post in fresh])
        return self._book.insert_all(tx, [self._message(tx, post) for post in fresh])

    def _message(self, tx: Tx, post: Post) -> Message:
        return Message(
            id=post.enclosure.message_id,
            message_class=post.message_class,
            recipient_id=post.recipient.id,
            template=post.template,
            accept_time=tx.now,
            expire_time=post.expire_time,
            next_attempt=tx.now,
            patient_id=post.recipient.patient_id,
            traceparent=self._store.traceparent(),
        )
