"""Several messages leave at once: their claims are one transaction, and so are their answers.

A reminder alone costs 31 commands of the database, one of ten together costs 4. For everything but
pages: those leave each for itself, as soon as it can.

An effect never depends on company: where a group cannot commit, each of its members is tried by
itself, with its own errors. They are handed over side by side, so that the answers are committed
while the claims hold, however slow a provider is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from chassis.call import Call
from chassis.errors import HavenError, Unavailable
from chassis.log import failure, get_logger
from chassis.store import Store, Tx
from services.notify.domain.commands import Letter
from services.notify.domain.message import Message
from services.notify.handlers.counting import count_answered, count_end
from services.notify.handlers.sending import Sending
from services.notify.ports import Receipt

log = get_logger(__name__)
NO_LINK = ""  # only pages have one


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A claimed message, and what its provider said."""

    message: Message
    letter: Letter
    result: Receipt | HavenError


class SendingTogether:
    """One attempt at each of several messages of one tenant."""

    def __init__(self, store: Store, sending: Sending) -> None:
        self._store = store
        self._sending = sending

    def send(self, call: Call, message_ids: Sequence[str]) -> Mapping[str, Exception]:
        """As Sending.send for each of them; what failed, by message."""
        try:
            claims = self._store.transact(call, lambda tx: self._claim(tx, message_ids))
        except Unavailable as error:
            # The database is away, for all of them: to ask again for each would take as long again.
            return dict.fromkeys(message_ids, error)
        except Exception as error:  # whose fault it is shows when each is tried by itself
            log.warning("messages.not-claimed-together", **failure(error))
            return _each({id: self._alone(call, id) for id in message_ids})
        claimed: list[tuple[Message, Letter]] = []
        for message, letter in claims:
            if letter is None:
                count_end(message)
            else:
                claimed.append((message, letter))
        return self._answer(call, self._handed_over(call, claimed))

    def _alone(self, call: Call, message_id: str) -> Callable[[], None]:
        return lambda: self._sending.send(call, message_id)

    def _claim(self, tx: Tx, message_ids: Sequence[str]) -> list[tuple[Message, Letter | None]]:
        self._sending.look_ahead(tx, message_ids)
        found = [self._sending.claim(tx, id, NO_LINK) for id in message_ids]
        claims = [claim for claim in found if claim is not None]
        self._sending.save_all(tx, [message for message, _ in claims])
        return claims

    def _handed_over(
        self, call: Call, claimed: Sequence[tuple[Message, Letter]]
    ) -> list[HandedOver]:
        def hand_over(one: tuple[Message, Letter]) -> HandedOver:
            return HandedOver(*one, self._sending.hand_over(call, *one, NO_LINK))

        # Threads of the group's own: no class of messages waits for another's slow provider.
        with ThreadPoolExecutor(len(claimed) or 1, "sending") as threads:
            return list(threads.map(hand_over, claimed))

    def _answer(self, call: Call, handed_over: Sequence[HandedOver]) -> Mapping[str, Exception]:
        def together(tx: Tx) -> list[tuple[Message, bool]]:
            self._sending.look_ahead_to_answers(tx, [each.message.id for each in handed_over])
            found = [self._sending.answer(tx, each.letter, each.result) for each in handed_over]
            self._sending.save_all(tx, [message for message, _ in found])
            return found

        try:
            answered = self._store.transact(call, together) if handed_over else []
        except Unavailable as error:
            return dict.fromkeys((each.message.id for each in handed_over), error)
        except Exception as error:  # as above
            log.warning("messages.not-answered-together", **failure(error))
            return _each({each.message.id: self._answer_of(call, each) for each in handed_over})
        for each, (message, has_ended_now) in zip(handed_over, answered, strict=True):
            count_answered(each.result, message, has_ended_now)
        return {}

    def _answer_of(self, call: Call, one: HandedOver) -> Callable[[], None]:
        return lambda: self._sending.conclude(call, one.letter, one.result)


def _each(acts: Mapping[str, Callable[[], None]]) -> Mapping[str, Exception]:
    """Do all of them, and tell which failed with what."""
    failed: dict[str, Exception] = {}
    for id, act in acts.items():
        try:
            act()
        except Exception as error:  # the others are not to suffer from it
            failed[id] = error
    return failed
