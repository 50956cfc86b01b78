"""What people answer to their pages from a telephone, as notify heard it.

Who answers is who was paged. A page to the supervisors' pool or to a role is answered in that name:
one mailbox, one answer; crisis cannot know which of its people it was.
"""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import Counter

from chassis.call import Actor, Call, Role
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Store
from services.crisis.domain.commands import (
    AcknowledgeCase,
    DeclineCase,
    EscalateCase,
    HearAnswer,
    PageAnswer,
)
from services.crisis.handlers.cases import Cases
from services.crisis.ports import PolicyOf

# "late": somebody else has the case, it is over, or it is none of the tenant's.
ACTED, LATE = "acted", "late"
answers = Counter(
    "haven_crisis_page_answers",
    "Answers to pages from telephones, by whether they changed anything.",
    ["answer", "outcome"],
)
for _answer in PageAnswer:
    for _outcome in (ACTED, LATE):
        answers.labels(_answer, _outcome)


class Answers:
    """An answer acts as its person does in the app: notify vouches for who that is."""

    def __init__(self, store: Store, *, cases: Cases, policy_of: PolicyOf) -> None:
        self._store = store
        self._cases = cases
        self._policy_of = policy_of

    def hear(self, call: Call, command: HearAnswer) -> None:
        """Take the case, leave it, or wake the next people, for whoever was paged.

        An answer that the case refuses is noted and done with: to try it again cannot help.
        """
        try:
            self._act(replace(call, actor=self._person(call, command.recipient_id)), command)
        except (FailedPrecondition, NotFound):
            self._store.transact(call, lambda _: None)
            answers.labels(command.answer, LATE).inc()
        else:
            answers.labels(command.answer, ACTED).inc()

    def _act(self, call: Call, command: HearAnswer) -> None:
        match command.answer:
            case PageAnswer.ACKNOWLEDGE:
                self._cases.acknowledge(call, AcknowledgeCase(command.case_id))
            case PageAnswer.DECLINE:
                self._cases.decline(call, DeclineCase(command.case_id))
            case PageAnswer.ESCALATE:
                self._cases.escalate(call, EscalateCase(command.case_id))

    def _person(self, call: Call, recipient_id: str) -> Actor:
        is_pool = recipient_id == self._policy_of(call.tenant_id).supervisor_id
        return Actor(recipient_id, frozenset({Role.SUPERVISOR if is_pool else Role.CLINICIAN}))
