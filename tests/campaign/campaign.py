"""Patients press the button, nobody answers for a while, and what they need breaks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message
from haven.crisis.v1 import crisis_pb2
from haven.crisis.v1 import resources_pb2 as crisis
from haven.sessions.v1 import sessions_pb2
from pymongo import MongoClient

from chassis.ids import new_id
from cli.demo.cast import RIVERBEND, SUPERVISOR, Story, email_of
from cli.demo.world import Person, refusal
from cli.stack import Stack
from tests.campaign.post import Arrival, Downtime, Post, early, lateness, wrong_steps
from tests.campaign.watch import Watch
from tests.waiting import eventually

AGAIN = {"UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED", "CANCELLED"}
LADDER = tuple(email_of(part) for part in ("facilitator", "second", "supervisor-pool"))
WAIT = timedelta(seconds=5)
CASES_AT_ONCE = 8
# Long enough for a case to be on the rung that repeats.
UNHEARD = timedelta(seconds=17)
RECOVERY_SECONDS = 120.0


class Say(Protocol):
    """Tells how far it is."""

    def __call__(self, text: str, /) -> object: ...


@dataclass
class Report:
    """What happened, and what should not have."""

    kills: int = 0
    cases: int = 0
    pages: int = 0
    copies: int = 0
    states: int = 0
    faults: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    first: list[float] = field(default_factory=list)  # seconds from each press to its first page

    def text(self) -> str:
        """For whoever waits for it."""
        latest = max(self.lateness, default=0.0)
        return (
            f"{self.kills} kills, {self.cases} cases, {self.pages} pages, {self.copies} copies, "
            f"{self.states} states of cases watched; latest page {latest:.2f} s after its time or "
            f"the recovery; {len(self.faults)} faults"
        )


# The ledger knows every case by whoever pressed the button; nobody presses one for a drill.
WITHOUT_DRILLS = {"HAVEN_CRISIS_DRILLS": "false"}


class Campaign:
    """Runs over a stack whose program has people on call, one after the other."""

    def __init__(self, stack: Stack, story: Story, client: MongoClient[dict[str, Any]]) -> None:
        self._stack, self._story, self._client = stack, story, client
        self._downtimes: list[Downtime] = []
        self._cases: dict[str, datetime] = {}  # when the button was pressed for it
        self._ended = threading.Event()

    def run(self, kills: int, *, seed: int, say: Say = str) -> Report:
        """Kill so many times; return when every case was ended by people."""
        chance = random.Random(seed)
        self._ended.clear()
        with self._judged(kills) as report, ThreadPoolExecutor(CASES_AT_ONCE) as pool:
            patients = [pool.submit(self._patients, seed + each) for each in range(CASES_AT_ONCE)]
            try:
                for number in range(kills):
                    self._kill(chance)
                    say(f"{number + 1} of {kills} kills, {len(self._cases)} cases ended")
            finally:
                self._ended.set()
            _wait_for(patients)
        return report

    def around(self, harm: Callable[[], object], *, cases: int, spread: timedelta) -> Report:
        """So many people press, evenly over that time, while the harm is done."""
        with self._judged() as report, ThreadPoolExecutor(cases) as pool:
            pauses = [spread.total_seconds() * each / cases for each in range(cases)]
            patients = [pool.submit(self._one_in_danger, after=pause) for pause in pauses]
            harm()
            _wait_for(patients)
        return report

    def one(
        self, unheard: Callable[[], object], *, call: Callable[[Person], object] | None = None
    ) -> Report:
        """One person calls for help, by the button or so, unheard until `unheard` has returned."""
        with self._judged() as report:
            patient, pressed = _somebody(), datetime.now(UTC)
            (call or self._press)(patient)
            unheard()
            self._end(self._known_case(patient, pressed))
        return report

    def _kill(self, chance: random.Random) -> None:
        """At any moment, any process; started again as a cluster would."""
        threading.Event().wait(chance.uniform(0, 1.5))
        name = chance.choice(sorted(self._stack.processes))
        start = datetime.now(UTC)
        self._stack.kill(name)
        eventually(lambda: name in self._stack.ended(), within=30)
        self._stack.restart(name)
        self._downtimes.append(Downtime(name, start, datetime.now(UTC)))

    def _patients(self, seed: int) -> None:
        """One after the other, until the last process has died."""
        chance = random.Random(seed)
        while not self._ended.is_set():
            self._one_in_danger(after=chance.uniform(0, 2))

    def _one_in_danger(self, *, after: float) -> None:
        """Presses the button, is not heard, and is reached in the end."""
        threading.Event().wait(after)
        patient, pressed = _somebody(), datetime.now(UTC)
        self._press(patient)
        case_id = self._known_case(patient, pressed)
        eventually(lambda: self._is_unheard(case_id, pressed), within=RECOVERY_SECONDS, every=0.3)
        self._end(case_id)

    def _press(self, patient: Person) -> None:
        """As a patient's app does: again, until the record is made."""
        press = sessions_pb2.RaiseSafetySignalRequest(
            request_id=new_id(), patient_id=patient.subject
        )
        eventually(
            lambda: self._ask(patient, press).safety_signal.is_stored,
            within=RECOVERY_SECONDS,
            every=0.2,
        )

    def _known_case(self, patient: Person, pressed: datetime) -> str:
        """The case's id, which is written down for the judge."""
        case_id = eventually(lambda: self._case_of(patient), within=RECOVERY_SECONDS, every=0.2)
        self._cases[case_id] = pressed
        return case_id

    def _end(self, case_id: str) -> None:
        """People take the case, reach the patient and agree that it is over."""
        owner = self._story.people["facilitator"]
        self._ask(owner, crisis_pb2.AcknowledgeCaseRequest(request_id=new_id(), case_id=case_id))
        self._ask(
            owner,
            crisis_pb2.RecordContactRequest(
                request_id=new_id(), case_id=case_id, contact_method=crisis.CONTACT_METHOD_PHONE
            ),
        )
        self._ask(
            SUPERVISOR,
            crisis_pb2.ResolveCaseRequest(
                request_id=new_id(),
                case_id=case_id,
                disposition=crisis.DISPOSITION_SAFETY_PLAN_WITH_SUPPORTS,
            ),
        )

    def _case_of(self, patient: Person) -> str:
        request = crisis_pb2.ListCasesRequest(patient_id=patient.subject)
        try:
            found = self._story.world.ask(self._story.people["facilitator"], request).cases
        except grpc.RpcError:
            return ""  # crisis has not heard of the patient, or is being started
        return str(found[0].case_id) if found else ""

    def _is_unheard(self, case_id: str, pressed: datetime) -> bool:
        """True once the case has been up the whole ladder, as the mail server saw it."""
        if datetime.now(UTC) - pressed <= UNHEARD:
            return False  # the mail server's log is long
        arrived = Post.of(self._story.smtp.mails()).cases.get(case_id, [])
        return LADDER[-1] in {each.recipient for each in arrived}

    def _ask(self, person: Person, request: Message) -> Any:
        """Ask as a client does that repeats what may be repeated."""

        def answered() -> Any:
            try:
                return self._story.world.ask(person, request)
            except grpc.RpcError as error:
                if refusal(error).code not in AGAIN:
                    raise
                return None

        return eventually(answered, within=RECOVERY_SECONDS, every=0.2)

    @contextmanager
    def _judged(self, kills: int = 0) -> Iterator[Report]:
        """The report is complete when the body has ended."""
        report, known, start = Report(kills), set(self._cases), datetime.now(UTC)
        copies = Post.of(self._story.smtp.mails()).copies
        with Watch(self._client) as watch:
            yield report
        post = Post.of(self._story.smtp.mails())
        report.states, report.copies = watch.states, post.copies - copies
        report.faults += watch.violations
        for case_id in self._cases.keys() - known:
            self._judge(report, case_id, post.cases.get(case_id, []))
        report.faults += self._stray(post, start)
        if report.copies > kills:
            report.faults.append(f"{report.copies} copies of pages with {kills} kills")

    def _judge(self, report: Report, case_id: str, arrivals: Sequence[Arrival]) -> None:
        pressed = self._cases[case_id]
        report.cases += 1
        report.pages += len(arrivals)
        report.faults += [f"{case_id}: {each}" for each in wrong_steps(arrivals, LADDER)]
        report.first += [(each.time - pressed).total_seconds() for each in arrivals[:1]]
        report.early += early(arrivals, LADDER, pressed=pressed, wait=WAIT)
        report.lateness += lateness(arrivals, WAIT, self._downtimes)

    def _stray(self, post: Post, start: datetime) -> Sequence[str]:
        """Cases that nobody called for, of this run: one that failed may have left others open."""
        new = (each for each, arrivals in post.cases.items() if arrivals[0].time >= start)
        return [f"{each} is nobody's case" for each in new if each not in self._cases]


def _somebody() -> Person:
    return Person(RIVERBEND, new_id(), ("patient",))


def _wait_for(patients: Sequence[Future[None]]) -> None:
    for each in patients:
        each.result(300)
