"""Crisis as its callers meet it: through tokens, certificates and gRPC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from haven.audit.v1 import audit_pb2
from haven.crisis.v1 import crisis_pb2, events_pb2
from haven.crisis.v1 import resources_pb2 as resource
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from chassis.crypto import FieldCipher, KeyManagement
from chassis.ids import new_id
from tests.integration.front import Front

HIGH, MODERATE = events_pb2.SEVERITY_HIGH, events_pb2.SEVERITY_MODERATE


@pytest.fixture
def clinician(front: Front) -> Any:
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
def supervisor(front: Front) -> Any:
    return front.caller("dr-boss", Role.SUPERVISOR)


@pytest.fixture
def administrator(front: Front) -> Any:
    return front.caller("admin", Role.ADMINISTRATOR)


async def opened(clinician: Any, severity: Any = HIGH, patient_id: Any = "p-1") -> Any:
    request = crisis_pb2.OpenCaseRequest(patient_id=patient_id, severity=severity)
    return (await clinician.ask(request)).case


def acknowledge(case_id: Any) -> Any:
    return crisis_pb2.AcknowledgeCaseRequest(case_id=case_id)


def contact(case_id: Any) -> Any:
    return crisis_pb2.RecordContactRequest(
        case_id=case_id, contact_method=resource.CONTACT_METHOD_VIDEO
    )


def resolve(case_id: Any) -> Any:
    return crisis_pb2.ResolveCaseRequest(
        case_id=case_id, disposition=resource.DISPOSITION_SAFETY_PLAN_WITH_SUPPORTS
    )


def a_rotation(*clinician_ids: Any, **changes: Any) -> Any:
    start = Timestamp()
    start.FromDatetime(datetime.now(UTC) - timedelta(days=1))
    values = {"rotation_id": "on-call", "time_zone": "America/New_York", "shift_days": 7}
    return crisis_pb2.PutRotationRequest(
        rotation=resource.Rotation(
            **{**values, **changes}, start_time=start, clinician_ids=clinician_ids
        )
    )


def a_policy(seconds: Any = 30, **changes: Any) -> Any:
    target = resource.EscalationTarget(rotation_id="on-call")
    rung = resource.EscalationRung(wait_duration=Duration(seconds=seconds), targets=[target])
    return crisis_pb2.PutEscalationPolicyRequest(
        escalation_policy=resource.EscalationPolicy(severity=HIGH, rungs=[rung], **changes)
    )


async def test_a_case_from_its_opening_to_its_end(
    clinician: Any, supervisor: Any, administrator: Any
) -> None:
    await administrator.ask(a_rotation("dr-one"))
    await administrator.ask(a_policy())

    case = await opened(clinician)
    assert (case.state, case.severity, case.policy_version) == (resource.CASE_STATE_OPEN, HIGH, 1)
    assert case.next_deadline_time.seconds - case.open_time.seconds in {29, 30, 31}

    case = (await clinician.ask(acknowledge(case.case_id))).case
    assert (case.state, case.owner_id) == (resource.CASE_STATE_ACKNOWLEDGED, "dr-one")
    assert case.contact_deadline_time == case.next_deadline_time

    case = (await clinician.ask(contact(case.case_id))).case
    assert case.state == resource.CASE_STATE_CONTACTED

    case = (await supervisor.ask(resolve(case.case_id))).case
    assert (case.state, case.resolver_id) == (resource.CASE_STATE_RESOLVED, "dr-boss")
    assert not case.HasField("next_deadline_time")

    read = await clinician.ask(crisis_pb2.GetCaseRequest(case_id=case.case_id))
    assert read.case == case
    assert [(act.kind, act.actor_id) for act in read.acts] == [
        (resource.CASE_ACT_KIND_OPENED, "dr-one"),
        (resource.CASE_ACT_KIND_PAGED, "service:crisis"),
        (resource.CASE_ACT_KIND_ACKNOWLEDGED, "dr-one"),
        (resource.CASE_ACT_KIND_CONTACTED, "dr-one"),
        (resource.CASE_ACT_KIND_RESOLVED, "dr-boss"),
    ]


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (contact, "CASE_NOT_ACKNOWLEDGED"),
        (resolve, "CONTACT_NOT_RECORDED"),
    ],
)
async def test_a_step_that_comes_too_early_is_refused_with_its_reason(
    clinician: Any, build: Any, reason: Any
) -> None:
    case = await opened(clinician)

    refused = await clinician.refused(build(case.case_id))

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", reason)


async def test_the_owner_of_a_high_case_cannot_end_it(clinician: Any) -> None:
    case = await opened(clinician)
    await clinician.ask(acknowledge(case.case_id))
    await clinician.ask(contact(case.case_id))

    refused = await clinician.refused(resolve(case.case_id))

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "SECOND_PERSON_REQUIRED")


async def test_a_closed_case_can_be_acknowledged_by_nobody(clinician: Any, supervisor: Any) -> None:
    case = await opened(clinician)
    for build in (acknowledge, contact):
        await clinician.ask(build(case.case_id))
    await supervisor.ask(resolve(case.case_id))

    refused = await supervisor.refused(acknowledge(case.case_id))

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CASE_RESOLVED")


async def test_whoever_acknowledges_twice_has_it_once_and_no_more_time(clinician: Any) -> None:
    case = await opened(clinician)
    first = (await clinician.ask(acknowledge(case.case_id))).case

    second = (await clinician.ask(acknowledge(case.case_id))).case

    assert second.owner_id == first.owner_id == "dr-one"
    assert second.next_deadline_time == first.next_deadline_time
    read = await clinician.ask(crisis_pb2.GetCaseRequest(case_id=case.case_id))
    kinds = [act.kind for act in read.acts]
    assert kinds.count(resource.CASE_ACT_KIND_ACKNOWLEDGED) == 1


async def test_a_second_clinician_hears_that_somebody_has_it(
    clinician: Any, supervisor: Any
) -> None:
    case = await opened(clinician)
    await clinician.ask(acknowledge(case.case_id))

    refused = await supervisor.refused(acknowledge(case.case_id))

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CASE_ALREADY_ACKNOWLEDGED")


async def test_a_repeated_request_gets_its_first_answer_even_after_the_world_moved_on(
    clinician: Any, supervisor: Any
) -> None:
    case = await opened(clinician)
    request = acknowledge(case.case_id)
    request.request_id = new_id()
    first = await clinician.ask(request)
    await clinician.ask(contact(case.case_id))
    await supervisor.ask(resolve(case.case_id))

    assert await clinician.ask(request) == first


async def test_a_request_id_with_another_body_is_refused(clinician: Any) -> None:
    request = crisis_pb2.OpenCaseRequest(request_id=new_id(), patient_id="p-1", severity=HIGH)
    await clinician.ask(request)
    request.severity = MODERATE

    refused = await clinician.refused(request)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")


async def test_who_answers_the_telephone_passes_a_callers_worry_on_and_reads_no_case(
    front: Front, clinician: Any
) -> None:
    desk = front.caller("front-desk", Role.COORDINATOR)
    told = await desk.ask(crisis_pb2.ReportConcernRequest(patient_id="p-1", severity=HIGH))

    found = (await clinician.ask(crisis_pb2.GetCaseRequest(case_id=told.case_id))).case
    assert (found.source, found.severity) == (resource.CASE_SOURCE_CALLER_REPORT, HIGH)
    refused = await desk.refused(crisis_pb2.GetCaseRequest(case_id=told.case_id))
    assert refused.code == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (crisis_pb2.OpenCaseRequest(patient_id="p-1"), ["severity"]),
        (crisis_pb2.OpenCaseRequest(severity=HIGH), ["patient_id"]),
        (crisis_pb2.AcknowledgeCaseRequest(case_id="no id at all"), ["case_id"]),
        (crisis_pb2.RecordContactRequest(case_id="c-1"), ["contact_method"]),
        (crisis_pb2.ResolveCaseRequest(case_id="c-1"), ["disposition"]),
        (crisis_pb2.GetEmergencyPackRequest(case_id="c-1"), ["purpose"]),
    ],
)
async def test_bad_input_names_its_fields_and_leaves_nothing(
    clinician: Any, database: Any, request_: Any, fields: Any
) -> None:
    refused = await clinician.refused(request_)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert refused.fields == fields
    assert database.cases.count_documents({}) == database.outbox.count_documents({}) == 0


async def test_a_signal_by_a_peer_opens_a_case_once(front: Front, clinician: Any) -> None:
    event = sessions_pb2.SafetySignalRaised(safety_signal_id=new_id(), patient_id="p-1")
    event_id = new_id()

    assert await front.tell(event, event_id=event_id) is False
    assert await front.tell(event, event_id=event_id) is True
    assert await front.tell(event) is False  # the same fact as another event

    listed = await clinician.ask(crisis_pb2.ListCasesRequest(patient_id="p-1"))
    assert [case.source for case in listed.cases] == [resource.CASE_SOURCE_SAFETY_SIGNAL]


async def test_a_patient_sees_the_own_status_and_nothing_else(front: Front, clinician: Any) -> None:
    case = await opened(clinician)
    patient = front.caller("p-1", Role.PATIENT)
    mine = crisis_pb2.GetPatientCaseStatusRequest(patient_id="p-1")
    other = crisis_pb2.GetPatientCaseStatusRequest(patient_id="p-2")

    told = (await patient.ask(mine)).patient_case_status
    assert (told.state, told.call_number) == (resource.PATIENT_CASE_STATE_SENT, "988")
    assert (await patient.refused(other)).code == "NOT_FOUND"
    for request in (crisis_pb2.GetCaseRequest(case_id=case.case_id), acknowledge(case.case_id)):
        refused = await patient.refused(request)
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_another_tenant_finds_nothing(
    front: Front, clinician: Any, administrator: Any
) -> None:
    case = await opened(clinician)
    await administrator.ask(a_rotation("dr-one"))
    stranger = front.caller("dr-one", Role.CLINICIAN, Role.SUPERVISOR, tenant_id="harbor")

    for request in (
        crisis_pb2.GetCaseRequest(case_id=case.case_id),
        crisis_pb2.ListCaseActsRequest(case_id=case.case_id),
        crisis_pb2.ListCasesRequest(patient_id="p-1"),
        crisis_pb2.GetEmergencyPackRequest(case_id=case.case_id, purpose=1),
        crisis_pb2.GetRotationRequest(rotation_id="on-call"),
        crisis_pb2.WhoIsOnCallRequest(rotation_id="on-call"),
        acknowledge(case.case_id),
        contact(case.case_id),
        resolve(case.case_id),
    ):
        assert (await stranger.refused(request)).code == "NOT_FOUND", request


async def test_a_page_token_fits_its_own_list_only(clinician: Any) -> None:
    for number in range(3):
        await opened(clinician, patient_id=f"p-{number}")
    part = await clinician.ask(crisis_pb2.ListCasesRequest(page_size=2))

    rest = await clinician.ask(
        crisis_pb2.ListCasesRequest(page_size=2, page_token=part.next_page_token)
    )
    refused = await clinician.refused(
        crisis_pb2.ListCasesRequest(patient_id="p-1", page_token=part.next_page_token)
    )

    assert (len(part.cases), len(rest.cases), rest.next_page_token) == (2, 1, "")
    assert refused.code == "INVALID_ARGUMENT"


async def test_the_emergency_pack_is_revealed_for_a_purpose_and_everybody_can_see_that(
    front: Front, clinician: Any, database: Any, tmp_path: Any
) -> None:
    management = KeyManagement.of_file(tmp_path / "master.key")
    cipher = FieldCipher(database.client, management)
    place = sessions_pb2.LocationAttested(
        location_id="l-1",
        patient_id="p-1",
        state="VA",
        address_ciphertext=cipher.encrypt(front.tenant_id, "1 First Street"),
        callback_number_ciphertext=cipher.encrypt(front.tenant_id, "+1 555 0100"),
    )
    person = intake_pb2.EmergencyContactRecorded(
        patient_id="p-1",
        name_ciphertext=cipher.encrypt(front.tenant_id, "a sister"),
        phone_ciphertext=cipher.encrypt(front.tenant_id, "+1 555 0101"),
        has_release=True,
    )
    cipher.close()
    await front.tell(place)
    await front.tell(person)
    case = await opened(clinician)

    request = crisis_pb2.GetEmergencyPackRequest(
        case_id=case.case_id, purpose=crisis_pb2.REVEAL_PURPOSE_EMERGENCY_RESPONSE
    )
    pack = (await clinician.ask(request)).emergency_pack

    assert pack.signal_location.address == pack.newest_location.address == "1 First Street"
    assert not pack.is_location_changed
    assert (pack.emergency_contact.name, pack.emergency_contact.has_release) == ("a sister", True)
    entries = await front.caller("p-1", Role.PATIENT).ask(
        audit_pb2.ListPatientAccessesRequest(patient_id="p-1")
    )
    reveal = entries.audit_entries[0]
    assert (reveal.action, reveal.actor_id, reveal.purpose) == (
        "emergency-pack.reveal",
        "dr-one",
        "emergency_response",
    )
