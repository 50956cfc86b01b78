"""Patients press the button, nobody answers for a while, and processes die."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from tests.campaign.post import Downtime, Post, lateness, wrong_steps
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
    """One run over a stack whose program has people on call."""

    def __init__(self, stack: Stack, story: Story, client: MongoClient[dict[str, Any]]) -> None:
        self._stack, self._story, self._client = stack, story, client
        self._downtimes: list[Downtime] = []
        self._cases: list[str] = []
        self._ended = threading.Event()

    def run(self, kills: int, *, seed: int, say: Say = str) -> Report:
        """Kill so many times; return when every case was ended by people."""
        chance = random.Random(seed)
        with Watch(self._client) as watch, ThreadPoolExecutor(CASES_AT_ONCE) as pool:
            patients = [pool.submit(self._patients, seed + each) for each in range(CASES_AT_ONCE)]
            try:
                for number in range(kills):
                    self._kill(chance)
                    say(f"{number + 1} of {kills} kills, {len(self._cases)} cases ended")
            finally:
                self._ended.set()
            for each in patients:
                each.result(300)
        return self._judged(watch, kills)

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
            threading.Event().wait(chance.uniform(0, 2))
            self._cases.append(self._one_in_danger())

    def _one_in_danger(self) -> str:
        """Presses the button, is not heard, and is reached in the end; the case's id."""
        patient = Person(RIVERBEND, new_id(), ("patient",))
        press = sessions_pb2.RaiseSafetySignalRequest(
            request_id=new_id(), patient_id=patient.subject
        )
        self._ask(patient, press)
        pressed = datetime.now(UTC)
        case_id = eventually(lambda: self._case_of(patient), within=RECOVERY_SECONDS, every=0.2)
        eventually(lambda: self._is_unheard(case_id, pressed), within=RECOVERY_SECONDS, every=0.3)
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
        return case_id

    def _case_of(self, patient: Person) -> str:
        request = crisis_pb2.ListCasesRequest(patient_id=patient.subject)
        try:
            found = self._story.world.ask(self._story.people["facilitator"], request).cases
        except grpc.RpcError:
            return ""  # crisis has not heard of the patient, or is being started
        return str(found[0].case_id) if found else ""

    def _is_unheard(self, case_id: str, pressed: datetime) -> bool:
        """True once the case has been up the whole ladder, as the mail server saw it."""
        arrived = Post.of(self._story.smtp.mails()).cases.get(case_id, [])
        is_up = LADDER[-1] in {each.recipient for each in arrived}
        return is_up and datetime.now(UTC) - pressed > UNHEARD

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

    def _judged(self, watch: Watch, kills: int) -> Report:
        post = Post.of(self._story.smtp.mails())
        report = Report(kills, len(self._cases), copies=post.copies, states=watch.states)
        report.faults += watch.violations
        for case_id in self._cases:
            arrivals = post.cases.get(case_id, [])
            report.pages += len(arrivals)
            report.faults += [f"{case_id}: {each}" for each in wrong_steps(arrivals, LADDER)]
            report.lateness += lateness(arrivals, WAIT, self._downtimes)
        report.faults += self._stray(post)
        if post.copies > kills:
            report.faults.append(f"{post.copies} copies of pages with {kills} kills")
        return report

    def _stray(self, post: Post) -> Sequence[str]:
        """Cases that nobody pressed a button for."""
        return [f"{each} is nobody's case" for each in post.cases if each not in self._cases]
