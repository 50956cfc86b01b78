"""Faults of the whole platform: afterwards every fact had exactly one effect everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import grpc
import pytest
from google.protobuf.message import Message
from haven.crisis.v1 import crisis_pb2, events_pb2
from haven.crisis.v1 import resources_pb2 as crisis
from haven.intake.v1 import intake_pb2, intake_pb2_grpc
from haven.intake.v1 import resources_pb2 as intake
from haven.sessions.v1 import sessions_pb2
from pymongo import MongoClient

from chassis.ids import new_id
from cli.demo.cast import ADMINISTRATOR, PARTNER, RIVERBEND, Story, email_of
from cli.demo.chapters import prologue
from cli.demo.chapters.referral import request_for
from cli.demo.chapters.screening import PHQ9_ITEMS
from cli.demo.timeline import Timeline
from cli.demo.world import Person, World, refusal
from cli.environment import Uris
from cli.stack import Stack
from tests.scenarios.ledger import Ledger
from tests.waiting import eventually

OLD_PLACE, NEW_PLACE = "1 First Street, Springfield", "2 Second Street, Springfield"
AGAIN = {"UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED", "CANCELLED"}


@pytest.fixture(scope="module")
def stack(server_folder: Path) -> Iterator[Stack]:
    """Sixteen processes on servers of their own, which may be stopped and frozen.

    Without drills: the books are closed after each fault, and a drill would write on in them.
    """
    more = {"HAVEN_CRISIS_DRILLS": "false"}
    with Stack(server_folder / "faults", given=Uris(), more=more) as running:
        yield running
        running.abandon()


@pytest.fixture(scope="module")
def story(stack: Stack) -> Story:
    """A program with people on call, whose first rung waits longer than any fault lasts."""
    assert stack.smtp is not None
    world = World(stack.environment.addresses, stack.environment.issuer)
    told = Story(world, Timeline(patience=60), stack.smtp, rung_seconds=600)
    prologue.play(told)
    return told


@pytest.fixture(scope="module")
def ledger(stack: Stack) -> Iterator[Ledger]:
    """The platform's books."""
    assert stack.broker is not None
    assert stack.database is not None
    with MongoClient[dict[str, Any]](stack.database.uri, tz_aware=True) as client:
        yield Ledger(stack.broker.uri, client)


@pytest.fixture(autouse=True)
def books_balance(stack: Stack, ledger: Ledger) -> Iterator[None]:
    """After each fault: everything committed arrived everywhere, once, and nothing was parked."""
    yield
    stack.wait_ready()
    eventually(lambda: not ledger.unsettled() or _show(ledger.unsettled()), within=120, every=0.5)
    assert ledger.dead() == []


@pytest.fixture(scope="module", autouse=True)
def nothing_happened_twice(ledger: Ledger) -> Iterator[None]:
    """After all faults together."""
    yield
    assert ledger.doubled() == []


def _show(found: list[str]) -> bool:
    raise AssertionError(found[:5])


def test_an_api_killed_after_the_commit_gives_the_first_answer_to_the_repeat(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    before = ledger.client["intake"]["referrals"].count_documents({})
    stack.restart("intake-api", HAVEN_FAILPOINTS="store.after-commit=kill")
    request = request_for("killed-after")

    with _unanswered(story, request):
        eventually(lambda: stack.ended() == ["intake-api"], within=30)
        assert ledger.client["intake"]["referrals"].count_documents({}) == before + 1
        stack.restart("intake-api")
    answer = _persist(story, PARTNER, request)

    assert _persist(story, PARTNER, request) == answer
    assert _referrals(ledger, answer.referral.patient_id) == 1


def test_an_api_killed_before_the_commit_has_done_nothing(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    before = ledger.client["intake"]["referrals"].count_documents({})
    stack.restart("intake-api", HAVEN_FAILPOINTS="store.before-commit=kill")
    request = request_for("killed-before")

    with _unanswered(story, request):
        eventually(lambda: stack.ended() == ["intake-api"], within=30)
        assert ledger.client["intake"]["referrals"].count_documents({}) == before
        stack.restart("intake-api")

    answer = _persist(story, PARTNER, request)
    assert _referrals(ledger, answer.referral.patient_id) == 1


def test_a_frozen_broker_holds_no_page(stack: Stack, story: Story, ledger: Ledger) -> None:
    assert stack.broker is not None
    person = _referred(story)
    stack.broker.freeze()
    try:
        _paged_once(story, person)
    finally:
        stack.broker.thaw()

    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_a_stopped_broker_holds_no_page(stack: Stack, story: Story, ledger: Ledger) -> None:
    assert stack.broker is not None
    person = _referred(story)
    stack.broker.stop()
    try:
        _paged_once(story, person)
    finally:
        stack.broker.start()

    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_with_the_broker_stopped_a_page_that_cannot_arrive_wakes_the_next_people_at_once(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    assert stack.broker is not None
    person = _referred(story)
    pages = len(story.mails_to(email_of("facilitator")))
    with _first_asked(story, "dr-nowhere"):
        stack.broker.stop()
        try:
            _presses(story, person)
            eventually(lambda: len(story.mails_to(email_of("facilitator"))) > pages, within=60)
        finally:
            stack.broker.start()

    (failed,) = ledger.client["notify"]["messages"].find({"recipient_id": "dr-nowhere"})
    assert (failed["state"], failed["reason"]) == ("failed_final", "CONTACT_POINT_MISSING")
    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_with_the_broker_stopped_a_responder_is_sent_to_where_the_patient_is(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    assert stack.broker is not None
    person = _referred(story)
    _attest(story, person, OLD_PLACE)
    known = ledger.client["crisis"]["locations"]
    eventually(lambda: known.count_documents({"patient_id": person.subject}) == 1, within=60)
    stack.broker.stop()
    try:
        _attest(story, person, NEW_PLACE)
        _presses(story, person)
        pack = eventually(lambda: _pack(story, person), within=60, every=0.2)
    finally:
        stack.broker.start()

    assert pack.signal_location == pack.newest_location
    assert pack.newest_location.address == NEW_PLACE
    assert (pack.is_location_changed, list(pack.awaited_parts)) == (False, [])
    assert _at_rest(ledger, NEW_PLACE) == []


def test_a_broker_that_blocks_publishers_holds_no_page(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    assert stack.broker is not None
    person = _referred(story)
    stack.broker.block_publishers()
    try:
        _paged_once(story, person)
    finally:
        stack.broker.unblock_publishers()

    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_killed_apis_hold_no_page(stack: Stack, story: Story, ledger: Ledger) -> None:
    person = _referred(story)
    for name in ("crisis-api", "notify-api"):
        stack.kill(name)

    _paged_once(story, person)

    for name in ("crisis-api", "notify-api"):
        stack.restart(name)
    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_killed_relays_and_workers_hold_no_page(stack: Stack, story: Story, ledger: Ledger) -> None:
    person = _referred(story)
    gone = ("intake-relay", "crisis-relay", "crisis-worker", "notify-worker")
    for name in gone:
        stack.kill(name)

    _paged_once(story, person)

    for name in gone:
        stack.restart(name)
    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_a_second_relay_takes_over_from_a_killed_one(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    stack.add("crisis-relay-2", like="crisis-relay")
    stack.wait_ready(["crisis-relay-2"])
    stack.kill("crisis-relay")

    _paged_once(story, _referred(story))

    stack.restart("crisis-relay")
    eventually(lambda: not ledger.unsettled(), within=120, every=0.5)
    assert ledger.late() == []


def test_a_frozen_database_is_told_at_once_and_nothing_is_lost(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    assert stack.database is not None
    request = request_for("frozen")
    stack.database.freeze()
    stub = intake_pb2_grpc.IntakeServiceStub(story.world.channel("intake"))
    try:
        with pytest.raises(grpc.RpcError) as refused:
            stub.CreateReferral(request, metadata=story.world.metadata(PARTNER), timeout=60)
    finally:
        stack.database.thaw()

    told = refusal(refused.value)
    assert (told.code, told.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE"), told
    answer = _persist(story, PARTNER, request)
    assert _referrals(ledger, answer.referral.patient_id) == 1


def test_a_restarted_database_finds_everybody_again(
    stack: Stack, story: Story, ledger: Ledger
) -> None:
    assert stack.database is not None
    person = _referred(story)
    stack.database.stop()
    stack.database.start()

    _paged_once(story, person)


@contextmanager
def _unanswered(story: Story, request: Message) -> Iterator[None]:
    """A caller who waits, once, while the body does what it does to the server."""
    stub = intake_pb2_grpc.IntakeServiceStub(story.world.channel("intake"))
    call = stub.CreateReferral.future(request, metadata=story.world.metadata(PARTNER), timeout=60)
    yield
    assert call.code() is grpc.StatusCode.UNAVAILABLE


@contextmanager
def _first_asked(story: Story, clinician_id: str) -> Iterator[None]:
    """Whoever is on call is woken after this clinician, for as long as the body lasts."""
    asked = crisis_pb2.GetEscalationPolicyRequest(severity=events_pb2.SEVERITY_HIGH)
    before = story.world.ask(ADMINISTRATOR, asked).escalation_policy
    changed = crisis.EscalationPolicy(severity=before.severity, etag=before.etag)
    rung = changed.rungs.add(targets=[crisis.EscalationTarget(clinician_id=clinician_id)])
    rung.wait_duration.CopyFrom(before.rungs[0].wait_duration)
    changed.rungs.extend(before.rungs)
    put = crisis_pb2.PutEscalationPolicyRequest
    after = _persist(story, ADMINISTRATOR, put(request_id=new_id(), escalation_policy=changed))
    yield
    before.etag = after.escalation_policy.etag
    _persist(story, ADMINISTRATOR, put(request_id=new_id(), escalation_policy=before))


def _persist(story: Story, person: Person, request: Message) -> Any:
    """Ask as a client does that repeats what may be repeated."""

    def answered() -> Any:
        try:
            return story.world.ask(person, request)
        except grpc.RpcError as error:
            if refusal(error).code not in AGAIN:
                raise
            return None

    return eventually(answered, within=90, every=0.2)


def _referred(story: Story) -> Person:
    referral = _persist(story, PARTNER, request_for(f"fault-{new_id()[:8]}")).referral
    return Person(RIVERBEND, referral.patient_id, ("patient",))


def _attest(story: Story, person: Person, address: str) -> None:
    """The patient says where they sit."""
    request = sessions_pb2.AttestLocationRequest(
        request_id=new_id(),
        patient_id=person.subject,
        state="VA",
        address=address,
        callback_number="+1 202 555 0143",
    )
    story.world.ask(person, request)


def _presses(story: Story, person: Person) -> None:
    """The patient calls for help."""
    request = sessions_pb2.RaiseSafetySignalRequest(request_id=new_id(), patient_id=person.subject)
    story.world.ask(person, request)


def _pack(story: Story, person: Person) -> crisis.EmergencyPack | None:
    """What the responder of the patient's case is shown, once there is one."""
    responder = story.people["facilitator"]
    try:
        cases = story.world.ask(responder, crisis_pb2.ListCasesRequest(patient_id=person.subject))
    except grpc.RpcError as error:
        if refusal(error).code != "NOT_FOUND":
            raise
        return None
    if not cases.cases:
        return None
    request = crisis_pb2.GetEmergencyPackRequest(
        case_id=cases.cases[0].case_id, purpose=crisis_pb2.REVEAL_PURPOSE_EMERGENCY_RESPONSE
    )
    pack: crisis.EmergencyPack = story.world.ask(responder, request).emergency_pack
    return pack


def _at_rest(ledger: Ledger, text: str) -> list[str]:
    """Collections of sessions and crisis that hold the text as it was said."""
    return [
        f"{service}.{name}"
        for service in ("sessions", "crisis")
        for name in ledger.client[service].list_collection_names()
        if any(text.encode() in raw for raw in _raw(ledger, service, name))
    ]


def _raw(ledger: Ledger, service: str, name: str) -> Iterator[bytes]:
    for document in ledger.client[service][name].find():
        yield bson.encode(document)


def _paged_once(story: Story, person: Person) -> None:
    """A positive item 9 wakes the clinician on call."""
    pages = len(story.mails_to(email_of("facilitator")))
    request = intake_pb2.SubmitScreeningRequest(
        request_id=new_id(),
        patient_id=person.subject,
        instrument="phq-9",
        instrument_version=_version(story, person),
        answers=[intake.Answer(item_code=code, value=1) for code in PHQ9_ITEMS],
    )
    _persist(story, person, request)
    eventually(lambda: len(story.mails_to(email_of("facilitator"))) > pages, within=60)


def _version(story: Story, person: Person) -> str:
    answer = _persist(story, person, intake_pb2.ListInstrumentsRequest())
    versions = {each.instrument: each.instrument_version for each in answer.instruments}
    return str(versions["phq-9"])


def _referrals(ledger: Ledger, patient_id: str) -> int:
    rows = ledger.client["intake"]["referrals"]
    return int(rows.count_documents({"patient_id": patient_id}))
