"""What people answer to their pages from a telephone, as notify heard it."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Actor, Call, Role
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Store
from services.crisis.domain.commands import AcknowledgeCase, HearAnswer, PageAnswer, PageFailed
from services.crisis.handlers.cases import Cases


class Answers:
    """An answer acts as its person: notify vouches for who that is."""

    def __init__(self, store: Store, *, cases: Cases) -> None:
        self._store = store
        self._cases = cases

    def hear(self, call: Call, command: HearAnswer) -> None:
        """Take the case for whoever acknowledged; climb where nobody of the rung is left.

        An answer that comes too late changes nothing and is done with: the case is somebody
        else's, or over.
        """
        try:
            self._act(call, command)
        except (FailedPrecondition, NotFound):
            self._store.transact(call, lambda _: None)

    def _act(self, call: Call, command: HearAnswer) -> None:
        if command.answer is PageAnswer.ACKNOWLEDGE:
            person = Actor(command.recipient_id, frozenset({Role.CLINICIAN}))
            self._cases.acknowledge(replace(call, actor=person), AcknowledgeCase(command.case_id))
        else:
            reason = command.answer.value
            self._cases.page_failed(call, PageFailed(command.page_id, command.recipient_id, reason))
