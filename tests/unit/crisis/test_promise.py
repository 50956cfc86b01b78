"""The promise: an unresolved case always has a deadline, and severity never falls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chassis.errors import FailedPrecondition, InvalidArgument
from services.crisis.domain.case import Case
from services.crisis.domain.cover import Cover
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity
from services.crisis.domain.snooze import SnoozeLimit
from tests.unit.crisis.builders import (
    CASE_ID,
    NOON,
    a_cover,
    a_policy,
    a_rotation,
    a_signal,
    pages,
    person,
    rotation_target,
    rung,
)

SEVERITIES = st.sampled_from(Severity)
PEOPLE = st.sampled_from(["dr-one", "dr-two", "dr-three"])
STEPS = st.integers(0, 7200).map(lambda seconds: timedelta(seconds=seconds))
POLICIES = st.sampled_from(
    [
        a_policy(),
        a_policy(rung(SUPERVISOR_POOL)),
        a_policy(rung(person("dr-one"))),
        a_policy(rung(person("dr-one"), person("dr-two"), acknowledgements=2)),
        a_policy(rung(person("dr-one"), person("dr-two")), rung(rotation_target("missing"))),
        a_policy(
            rung(person("dr-one"), person("dr-two"), acknowledgements=2), rung(SUPERVISOR_POOL)
        ),
    ]
)
COVERS = st.sampled_from(
    [
        a_cover(),
        Cover({}, "supervisor-pool"),
        a_cover(a_rotation("on-call", "dr-three"), a_rotation("back-up", "dr-one")),
    ]
)

# Deadlines until the last rung, from whatever state: contact, then each rung.
LONGEST_LADDER = 5


class Promise(RuleBasedStateMachine):
    """Time passes, people act or do not, pages fail; whatever is due climbs."""

    @initialize(severity=SEVERITIES, policy=POLICIES, cover=COVERS)
    def begin(self, severity: Any, policy: Any, cover: Any) -> None:
        self.now: datetime = NOON
        self.worst = severity
        self.case = Case.open(CASE_ID, a_signal(severity), policy=policy, cover=cover, now=self.now)

    @rule(by=STEPS)
    def time_passes(self, by: Any) -> None:
        self.now += by

    @precondition(lambda self: self.case.is_due(self.now))
    @rule(cover=COVERS)
    def the_deadline_is_found(self, cover: Any) -> None:
        self.case.climb(cover, self.now)
        assert self.case.next_deadline > self.now
        assert pages(self.case)[-1].expire_time > self.now

    @precondition(lambda self: self.case.is_open)
    @rule(severity=SEVERITIES, policy=POLICIES, cover=COVERS)
    def a_signal_joins(self, severity: Any, policy: Any, cover: Any) -> None:
        self.worst = max(self.worst, severity)
        before = (self.case.state, self.case.next_deadline)
        self.case.join(a_signal(severity), policy=policy, cover=cover, now=self.now)
        if self.case.state is before[0] is not State.CONTACTED and before[1] > self.now:
            assert self.case.next_deadline <= max(before[1], self.now + timedelta(seconds=30))

    @precondition(lambda self: self.case.is_open)
    @rule(policy=POLICIES, cover=COVERS)
    def the_patient_goes(self, policy: Any, cover: Any) -> None:
        case, before = self.case, (self.case.owner_id, self.case.next_deadline)
        is_reached = case.contact_time is not None and case.contact_time >= self.now
        signal = a_signal(departure="left", raise_time=self.now)
        asked = len(pages(case))
        case.desert(signal, policy=policy, cover=cover, now=self.now)
        if is_reached:
            assert before == (case.owner_id, case.next_deadline)
            return
        self.worst = Severity.HIGH
        assert len(pages(case)) > asked
        if case.state is State.ACKNOWLEDGED:
            assert case.owner_id == before[0] in {each.recipient_id for each in pages(case)[asked:]}
            assert case.next_deadline <= before[1]

    @rule(by=PEOPLE)
    def somebody_acknowledges(self, by: Any) -> None:
        self.attempt(lambda: self.case.acknowledge(by, "clinician", self.now))

    @rule(by=PEOPLE)
    def somebody_reaches_the_patient(self, by: Any) -> None:
        self.attempt(lambda: self.case.record_contact(by, "phone", self.now))

    @rule(by=PEOPLE)
    def somebody_resolves(self, by: Any) -> None:
        self.attempt(lambda: self.case.resolve(by, "mobile_crisis", self.now))

    @rule(by=PEOPLE, cover=COVERS)
    def somebody_declines(self, by: Any, cover: Any) -> None:
        self.attempt(lambda: self.case.decline(by, cover, self.now))

    @rule(by=PEOPLE, cover=COVERS)
    def somebody_wants_more_people(self, by: Any, cover: Any) -> None:
        owner = self.case.owner_id
        self.attempt(lambda: self.case.escalate(by, cover, self.now))
        assert self.case.owner_id == owner

    @rule(by=PEOPLE, to=PEOPLE)
    def somebody_asks_a_colleague(self, by: Any, to: Any) -> None:
        self.attempt(lambda: self.case.add_responder(by, to, self.now))

    @rule(by=PEOPLE, to=PEOPLE)
    def the_owner_wants_to_hand_over(self, by: Any, to: Any) -> None:
        before = (self.case.owner_id, self.case.next_deadline)
        self.attempt(lambda: self.case.hand_over(by, to, self.now))
        assert before == (self.case.owner_id, self.case.next_deadline)

    @rule(by=PEOPLE, span=STEPS)
    def somebody_postpones(self, by: Any, span: Any) -> None:
        before, limit = self.case.next_deadline, SnoozeLimit(timedelta(minutes=15), 2)
        self.attempt(
            lambda: self.case.snooze(by, span, "contact_arranged", limit=limit, now=self.now)
        )
        if self.case.next_deadline != before:
            assert self.case.severity is not Severity.HIGH
            assert self.case.next_deadline <= self.now + timedelta(minutes=15)

    @precondition(lambda self: bool(self.case.ladder.pages))
    @rule(data=st.data(), cover=COVERS)
    def a_page_fails(self, data: Any, cover: Any) -> None:
        page = data.draw(st.sampled_from(pages(self.case)))
        self.case.note_page_failed(
            page.page_id, page.recipient_id, "EXPIRED", cover=cover, now=self.now
        )

    def attempt(self, act: Any) -> None:
        before = (self.case.state, self.case.next_deadline, self.case.owner_id)
        try:
            act()
        except (FailedPrecondition, InvalidArgument):
            assert before == (self.case.state, self.case.next_deadline, self.case.owner_id)

    @invariant()
    def an_unresolved_case_has_a_deadline_and_a_resolved_one_has_none(self) -> None:
        assert (self.case.next_deadline is not None) == self.case.is_open

    @invariant()
    def severity_is_the_worst_that_was_ever_reported(self) -> None:
        assert self.case.severity is self.worst

    @invariant()
    def somebody_is_being_woken_or_somebody_has_it(self) -> None:
        if self.case.state is State.OPEN:
            assert self.case.ladder.pages
            assert not self.case.owner_id
        if self.case.state is State.ACKNOWLEDGED:
            assert self.case.owner_id

    @invariant()
    def the_rung_that_repeats_wakes_the_supervisors(self) -> None:
        if self.case.state is State.OPEN and self.case.ladder.is_at_last:
            assert "supervisor-pool" in self.case.ladder.page_of

    def teardown(self) -> None:
        """From now on nobody acts, and no page reaches anybody: the supervisors are called on."""
        if not self.case.is_open:
            return
        for _ in range(LONGEST_LADDER):
            self._nothing_arrives()
            self.now = self.case.next_deadline
            self.case.climb(a_cover(), self.now)
        before = len(pages(self.case))
        for _ in range(3):
            self._nothing_arrives()
            self.now = self.case.next_deadline
            self.case.climb(a_cover(), self.now)
        last = pages(self.case)[before:]
        assert [page.recipient_id for page in last].count("supervisor-pool") == 3
        assert last[-1].cycle > last[0].cycle

    def _nothing_arrives(self) -> None:
        for page in pages(self.case):
            self.case.note_page_failed(
                page.page_id,
                page.recipient_id,
                "CONTACT_POINT_MISSING",
                cover=a_cover(),
                now=self.now,
            )

    @invariant()
    def no_two_pages_share_a_key(self) -> None:
        keys = [page.page_id for page in pages(self.case)]
        assert len(set(keys)) == len(keys)

    @invariant()
    def high_severity_is_never_resolved_by_its_owner_alone(self) -> None:
        case = self.case
        if case.state is State.RESOLVED and case.severity is Severity.HIGH:
            assert case.resolver_id not in {case.owner_id, case.contacted_by}


TestPromise = Promise.TestCase
TestPromise.settings = settings(max_examples=150, stateful_step_count=40)
