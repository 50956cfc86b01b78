"""A group that starts now, on the running local stack: who leads it, who comes, how to join."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.scheduling.v1 import scheduling_pb2
from haven.sessions.v1 import sessions_pb2

from chassis.errors import DeadlineExceeded, FailedPrecondition
from cli.demo.cast import RIVERBEND
from cli.demo.chapters.admission import ADDRESS, NUMBER, admit
from cli.demo.chapters.prologue import register
from cli.demo.chapters.referral import request_for
from cli.demo.world import Person, World, refusal
from cli.environment import SERVICES

T = TypeVar("T")
PATIENTS = 2
STATE = "VA"
MINUTES = 60
ARRIVE_SECONDS, LOOK_SECONDS = 60.0, 0.1
ON_THE_WAY = {"NOT_FOUND", "FAILED_PRECONDITION"}  # facts that one service has not heard yet


class Trial:
    """Does in one go what a program does in days."""

    def __init__(self, world: World, tenant: str) -> None:
        self._world, self._tenant = world, tenant
        self._coordinator = Person(tenant, "coordinator-1", ("coordinator",))
        self._partner = Person(tenant, "partner-app", ("partner",))

    def lead(self) -> Person:
        """A clinician with a license."""
        return register(self._world, self._coordinator, STATE)

    def patient(self, number: int, clinician: Person) -> Person:
        """Somebody admitted who has said where they are."""
        referral = self._world.ask(self._partner, request_for(f"guest-{number}", state=STATE))
        patient = Person(self._tenant, referral.referral.patient_id, ("patient",))
        admit(self._world, clinician, patient.subject)
        self._world.ask(
            patient,
            sessions_pb2.AttestLocationRequest(
                patient_id=patient.subject, state=STATE, address=ADDRESS, callback_number=NUMBER
            ),
        )
        return patient

    def session(self, lead: Person, patients: list[Person]) -> str:
        """A group of theirs that may start, once its room knows everybody's alias."""
        group = self._world.ask(
            self._coordinator,
            scheduling_pb2.CreateGroupRequest(
                display_name="Trial group",
                track=scheduling.TRACK_MENTAL_HEALTH,
                kind=scheduling.GROUP_KIND_SKILLS,
                modality=scheduling.MODALITY_DIALECTICAL_BEHAVIOR,
                capacity=8,
            ),
        ).group
        request = scheduling_pb2.ScheduleSessionRequest(
            group_id=group.group_id,
            facilitator_id=lead.subject,
            patient_ids=[each.subject for each in patients],
            time_zone="America/New_York",
            counted_minutes=MINUTES,
        )
        session_id = _arrives("the admissions at scheduling", lambda: self._schedule(request))
        _arrives("the aliases at the room", lambda: self._is_set(lead, session_id, len(patients)))
        return session_id

    def _schedule(self, request: scheduling_pb2.ScheduleSessionRequest) -> str | None:
        try:
            answer = self._world.ask(self._coordinator, request)
        except grpc.RpcError as error:
            if refusal(error).code not in ON_THE_WAY:
                raise
            request.request_id = ""  # another one: the first answer to this was no
            return None
        return str(answer.session.session_id)

    def _is_set(self, lead: Person, session_id: str, count: int) -> bool:
        request = sessions_pb2.GetSessionRequest(session_id=session_id)
        try:
            seats = self._world.ask(lead, request).session.seats
        except grpc.RpcError as error:
            if refusal(error).code not in ON_THE_WAY:
                raise
            return False
        return len(seats) == count and all(seat.alias for seat in seats)


def prepare() -> Iterator[str]:
    """What to tell, as it comes: three commands for three terminals at the end."""
    from cli.commands.calls import address_of
    from cli.environment import local_issuer

    world = World({service: address_of(service) for service in SERVICES}, local_issuer())
    try:
        yield "A clinician gets a license, two people are referred and admitted ..."
        trial = Trial(world, RIVERBEND)
        lead = trial.lead()
        patients = [trial.patient(number, lead) for number in range(1, PATIENTS + 1)]
        session_id = trial.session(lead, patients)
    except grpc.RpcError as error:
        told = refusal(error)
        text = "the running stack refused a step of the trial"
        raise FailedPrecondition(told.reason or told.code, text) from error
    finally:
        world.close()
    yield "A group is about to begin. In three terminals:"
    for role, person in (("facilitator", lead), *(("patient", each) for each in patients)):
        yield f"  {_command(session_id, role, person)}"
    yield "As the facilitator type /start. /help lists what can be typed; /sos is private."
    yield "In a fourth one somebody sees who calls for help, and takes the case:"
    for call in ("ListCases '{}'", """AcknowledgeCase '{"caseId": "..."}'"""):
        who = f"--tenant {RIVERBEND} --role clinician --subject {lead.subject}"
        yield f"  .venv/bin/haven call crisis/{call} {who}"


def _command(session_id: str, role: str, person: Person) -> str:
    who = f"--tenant {person.tenant} --person {person.subject}"
    return f".venv/bin/haven room join {session_id} --as {role} {who}"


def _arrives(what: str, look: Callable[[], T | None]) -> T:
    """Facts travel between services: the first answer that is one, within a bound."""
    deadline = time.monotonic() + ARRIVE_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline:
            raise DeadlineExceeded("TRIAL_TOO_SLOW", f"{what} did not arrive in time")
        time.sleep(LOOK_SECONDS)
    return found
