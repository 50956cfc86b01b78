"""Requests are read once; what is wrong is named, field by field, and nothing is guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import crisis_pb2, events_pb2, resources_pb2

from chassis.errors import InvalidArgument
from services.crisis.codec import answers, documents, wire
from services.crisis.codec.messages import PUBLISHED
from services.crisis.codec.names import (
    ACT_KINDS,
    CONTACT_METHODS,
    DISPOSITIONS,
    SEVERITIES,
    SOURCES,
    STATES,
)
from services.crisis.domain import events
from services.crisis.domain.escalation import (
    SUPERVISOR_POOL,
    EscalationPolicy,
    Target,
    TargetKind,
)
from services.crisis.domain.signal import Severity
from services.crisis.domain.snooze import SnoozeLimit
from tests.unit.crisis.builders import (
    NOON,
    a_case,
    a_cover,
    a_policy,
    a_rotation,
    after,
    climbed,
    person,
    rotation_target,
    rung,
)


@pytest.mark.parametrize(
    ("decode", "request_", "fields"),
    [
        (wire.open_case, crisis_pb2.OpenCaseRequest(), ["patient_id", "severity"]),
        (
            wire.open_case,
            crisis_pb2.OpenCaseRequest(patient_id="p-1", severity=9),  # type: ignore[arg-type]
            ["severity"],
        ),
        (wire.report_concern, crisis_pb2.ReportConcernRequest(patient_id="p-1"), ["severity"]),
        (wire.acknowledge_case, crisis_pb2.AcknowledgeCaseRequest(), ["case_id"]),
        (
            wire.record_contact,
            crisis_pb2.RecordContactRequest(case_id="c-1"),
            ["contact_method"],
        ),
        (wire.resolve_case, crisis_pb2.ResolveCaseRequest(case_id="c-1"), ["disposition"]),
        (wire.case_id, crisis_pb2.GetCaseRequest(case_id="../c-1"), ["case_id"]),
        (wire.reveal_pack, crisis_pb2.GetEmergencyPackRequest(case_id="c-1"), ["purpose"]),
        (wire.patient_id, crisis_pb2.GetPatientCaseStatusRequest(), ["patient_id"]),
        (wire.severity, crisis_pb2.GetEscalationPolicyRequest(), ["severity"]),
        (wire.rotation_id, crisis_pb2.GetRotationRequest(), ["rotation_id"]),
    ],
)
def test_what_is_missing_or_unknown_is_refused_by_name(
    decode: Any, request_: Any, fields: Any
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        decode(request_)

    assert [each.field for each in refused.value.violations] == fields


def test_every_fault_of_a_ladder_is_named_in_one_answer() -> None:
    request = crisis_pb2.PutEscalationPolicyRequest()
    request.escalation_policy.rungs.add()
    request.escalation_policy.rungs.add().targets.add()
    request.escalation_policy.rungs[1].wait_duration.FromSeconds(30)

    with pytest.raises(InvalidArgument) as refused:
        wire.put_policy(request)

    assert sorted(each.field for each in refused.value.violations) == [
        "escalation_policy.rungs[0].targets",
        "escalation_policy.rungs[0].wait_duration",
        "escalation_policy.rungs[1].targets[0].target",
        "escalation_policy.severity",
    ]


def test_a_rotation_in_a_zone_that_does_not_exist_or_with_an_override_of_no_length_is_refused() -> (
    None
):
    request = crisis_pb2.PutRotationRequest()
    rotation = request.rotation
    rotation.rotation_id, rotation.time_zone, rotation.shift_days = "on-call", "Mars/Base", 7
    rotation.start_time.FromDatetime(NOON)
    rotation.clinician_ids.append("dr-one")
    override = rotation.overrides.add(clinician_id="dr-two")
    override.start_time.FromDatetime(after(hours=1))
    override.end_time.FromDatetime(after(hours=1))

    with pytest.raises(InvalidArgument) as refused:
        wire.put_rotation(request)

    assert sorted(each.field for each in refused.value.violations) == [
        "rotation.overrides[0].end_time",
        "rotation.time_zone",
    ]


def test_a_ladder_survives_the_way_to_the_wire_and_back() -> None:
    rungs = (
        rung(rotation_target("on-call"), person("dr-one")),
        rung(SUPERVISOR_POOL, wait=timedelta(seconds=5)),
    )
    policy = EscalationPolicy("e-1", Severity.HIGH, rungs, timedelta(minutes=3), version=2)
    answer = answers.put_policy(policy)

    command = wire.put_policy(
        crisis_pb2.PutEscalationPolicyRequest(escalation_policy=answer.escalation_policy)
    )

    assert (command.rungs, command.contact_within) == (rungs, timedelta(minutes=3))
    assert command.etag == answer.escalation_policy.etag


def test_a_rotation_survives_the_way_to_the_wire_and_back() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two", version=1)
    answer = answers.put_rotation(rotation)

    command = wire.put_rotation(crisis_pb2.PutRotationRequest(rotation=answer.rotation))

    assert (command.name, command.start, command.clinician_ids) == (
        "on-call",
        rotation.start,
        ("dr-one", "dr-two"),
    )


@pytest.mark.parametrize("is_before_first", [False, True])
def test_a_case_survives_the_way_to_its_document_and_back(is_before_first: bool) -> None:
    case = climbed(a_case(), after(seconds=30))
    case.ladder.is_before_first = is_before_first
    case.events.clear()
    document = {**documents.case_document(case), "_id": case.id, "version": case.version}
    case.timeline.drain()
    case.timeline.latest.clear()

    assert documents.case_from(document) == case


def test_a_case_of_the_release_before_is_read() -> None:
    case = a_case()
    document = {**documents.case_document(case), "_id": case.id, "version": case.version}
    del document["is_before_first_rung"]

    assert documents.case_from(document).ladder == case.ladder


def test_an_open_case_shows_its_deadline_and_nothing_of_its_end() -> None:
    told = answers.open_case(a_case()).case

    assert told.next_deadline_time.ToDatetime() == after(seconds=30).replace(tzinfo=None)
    assert told.state == resources_pb2.CASE_STATE_OPEN
    assert not told.HasField("resolve_time")
    assert not told.HasField("contact_deadline_time")


@pytest.mark.parametrize(
    ("wire_enum", "mapping"),
    [
        (events_pb2.Severity, SEVERITIES),
        (resources_pb2.CaseState, STATES),
        (resources_pb2.CaseSource, SOURCES),
        (resources_pb2.CaseActKind, ACT_KINDS),
        (resources_pb2.ContactMethod, CONTACT_METHODS),
        (resources_pb2.Disposition, DISPOSITIONS),
    ],
)
def test_every_word_of_the_wire_has_its_word_in_the_domain(wire_enum: Any, mapping: Any) -> None:
    assert sorted(mapping) == sorted(number for number in wire_enum.values() if number)


def test_every_event_of_the_domain_is_published() -> None:
    declared = {
        value
        for value in vars(events).values()
        if isinstance(value, type) and value.__module__ == events.__name__
    }

    assert set(PUBLISHED) == declared


@pytest.mark.parametrize(
    ("decode", "request_", "fields"),
    [
        (wire.decline_case, crisis_pb2.DeclineCaseRequest(), ["case_id"]),
        (wire.escalate_case, crisis_pb2.EscalateCaseRequest(), ["case_id"]),
        (wire.add_responder, crisis_pb2.AddResponderRequest(), ["case_id", "clinician_id"]),
        (wire.hand_over_case, crisis_pb2.HandOverCaseRequest(), ["case_id", "clinician_id"]),
        (
            wire.snooze_case,
            crisis_pb2.SnoozeCaseRequest(case_id="c-1"),
            ["snooze_duration", "reason"],
        ),
        (
            wire.snooze_case,
            crisis_pb2.SnoozeCaseRequest(
                case_id="c-1",
                snooze_duration={"seconds": -1},
                reason=9,  # type: ignore[arg-type]
            ),
            ["snooze_duration", "reason"],
        ),
        (wire.identify_patient, crisis_pb2.IdentifyPatientRequest(), ["case_id", "patient_id"]),
    ],
)
def test_what_a_verb_lacks_is_named(decode: Any, request_: Any, fields: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        decode(request_)

    assert [fault.field for fault in refused.value.violations] == fields


def test_a_case_with_people_waiting_and_asked_comes_back_as_it_was_stored() -> None:
    pair = a_policy(rung(person("dr-one"), person("dr-two"), acknowledgements=2))
    case = a_case(Severity.LOW, policy=pair)
    case.acknowledge("dr-one", "clinician", after(seconds=1))
    case.add_responder("dr-one", "dr-three", after(seconds=2))
    limit = SnoozeLimit(timedelta(minutes=1), 1)
    case.snooze("dr-one", limit.longest, "contact_arranged", limit=limit, now=after(seconds=3))
    stored = {**documents.case_document(case), "_id": case.id, "version": 1}

    again = documents.case_from(stored)

    assert again.responders == case.responders
    assert (again.snooze_end, again.snoozes) == (case.snooze_end, 1)
    assert again.ladder.current.acknowledgements == 2


def test_a_case_of_an_earlier_release_goes_on() -> None:
    case = a_case()
    case.acknowledge("dr-one", "clinician", after(seconds=1))
    stored = {**documents.case_document(case), "_id": case.id, "version": 1}
    for name in ("pledges", "invited_ids", "helper_ids", "successor_id", "snoozes"):
        del stored[name]
    for each in stored["policy"]["rungs"]:
        del each["acknowledgements"]

    again = documents.case_from(stored)

    assert again.owner_id == "dr-one"
    again.climb(a_cover(), after(hours=1))
    assert again.owner_id == ""


def test_a_rung_may_name_a_role_and_how_many_must_take_the_case() -> None:
    request = crisis_pb2.PutEscalationPolicyRequest()
    request.escalation_policy.severity = events_pb2.SEVERITY_HIGH
    asked = request.escalation_policy.rungs.add(required_acknowledgements=2)
    asked.wait_duration.FromTimedelta(timedelta(seconds=5))
    asked.targets.add(role_id="medical-director")
    asked.targets.add(clinician_id="dr-one")

    (found,) = wire.put_policy(request).rungs

    assert found.acknowledgements == 2
    assert found.targets[0] == Target(TargetKind.ROLE, "medical-director")
    assert a_cover().wake(found, NOON).recipient_ids == ("role:medical-director", "dr-one")
    plan = EscalationPolicy("e-1", Severity.HIGH, (found,), version=1)
    told = answers.put_policy(plan).escalation_policy.rungs[0]
    assert (told.required_acknowledgements, told.targets[0].role_id) == (2, "medical-director")
