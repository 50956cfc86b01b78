"""Results as responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from haven.crisis.v1 import crisis_pb2, resources_pb2

from chassis.store import Page, etag_of
from services.crisis.codec.names import (
    ACT_KIND_NUMBERS,
    DISPOSITION_NUMBERS,
    SEVERITY_NUMBERS,
    SOURCE_NUMBERS,
    STATE_NUMBERS,
    WEEKDAY_NUMBERS,
)
from services.crisis.domain.case import Case
from services.crisis.domain.escalation import EscalationPolicy, Rung, Target, TargetKind
from services.crisis.domain.rotation import Rotation, Shift
from services.crisis.domain.status import Help, PatientStatus
from services.crisis.domain.timeline import Act

HELP = {
    Help.NONE: resources_pb2.PATIENT_CASE_STATE_NONE,
    Help.SENT: resources_pb2.PATIENT_CASE_STATE_SENT,
    Help.NOBODY_YET: resources_pb2.PATIENT_CASE_STATE_NOBODY_YET,
    Help.TAKEN: resources_pb2.PATIENT_CASE_STATE_TAKEN,
    Help.CONTACTED: resources_pb2.PATIENT_CASE_STATE_CONTACTED,
}


def open_case(case: Case) -> crisis_pb2.OpenCaseResponse:
    """The case that was opened or joined."""
    return crisis_pb2.OpenCaseResponse(case=_case(case))


def report_concern(case: Case) -> crisis_pb2.ReportConcernResponse:
    """Which case it went into, and nothing else of it."""
    return crisis_pb2.ReportConcernResponse(case_id=case.id)


def acknowledge_case(case: Case) -> crisis_pb2.AcknowledgeCaseResponse:
    """The case with its owner and contact deadline."""
    return crisis_pb2.AcknowledgeCaseResponse(case=_case(case))


def record_contact(case: Case) -> crisis_pb2.RecordContactResponse:
    """The case after contact."""
    return crisis_pb2.RecordContactResponse(case=_case(case))


def resolve_case(case: Case) -> crisis_pb2.ResolveCaseResponse:
    """The case at its end."""
    return crisis_pb2.ResolveCaseResponse(case=_case(case))


def decline_case(case: Case) -> crisis_pb2.DeclineCaseResponse:
    """The case without this clinician."""
    return crisis_pb2.DeclineCaseResponse(case=_case(case))


def escalate_case(case: Case) -> crisis_pb2.EscalateCaseResponse:
    """The case at its next rung."""
    return crisis_pb2.EscalateCaseResponse(case=_case(case))


def add_responder(case: Case) -> crisis_pb2.AddResponderResponse:
    """The case after one more person was asked."""
    return crisis_pb2.AddResponderResponse(case=_case(case))


def hand_over_case(case: Case) -> crisis_pb2.HandOverCaseResponse:
    """The case, still its owner's, with whoever was asked to take over."""
    return crisis_pb2.HandOverCaseResponse(case=_case(case))


def snooze_case(case: Case) -> crisis_pb2.SnoozeCaseResponse:
    """The case with its new deadline."""
    return crisis_pb2.SnoozeCaseResponse(case=_case(case))


def identify_patient(case: Case) -> crisis_pb2.IdentifyPatientResponse:
    """The case that goes on."""
    return crisis_pb2.IdentifyPatientResponse(case=_case(case))


def get_case(found: tuple[Case, list[Act]]) -> crisis_pb2.GetCaseResponse:
    """A case and the newest part of its timeline."""
    case, acts = found
    return crisis_pb2.GetCaseResponse(case=_case(case), acts=[_act(act) for act in acts])


def list_cases(page: Page[Case]) -> crisis_pb2.ListCasesResponse:
    """A part of the list."""
    return crisis_pb2.ListCasesResponse(
        cases=[_case(case) for case in page.items], next_page_token=page.next_page_token
    )


def list_case_acts(page: Page[Act]) -> crisis_pb2.ListCaseActsResponse:
    """A part of the timeline."""
    return crisis_pb2.ListCaseActsResponse(
        acts=[_act(act) for act in page.items], next_page_token=page.next_page_token
    )


def patient_status(status: PatientStatus) -> crisis_pb2.GetPatientCaseStatusResponse:
    """What the patient is told."""
    answer = crisis_pb2.GetPatientCaseStatusResponse()
    told = answer.patient_case_status
    told.state, told.owner_role = HELP[status.help], status.owner_role
    told.call_number = status.call_number
    _set_time(told, "update_time", status.update_time)
    return answer


def put_policy(policy: EscalationPolicy) -> crisis_pb2.PutEscalationPolicyResponse:
    """The policy as it now holds for new cases."""
    return crisis_pb2.PutEscalationPolicyResponse(escalation_policy=_policy(policy))


def get_policy(policy: EscalationPolicy) -> crisis_pb2.GetEscalationPolicyResponse:
    """The policy of one severity."""
    return crisis_pb2.GetEscalationPolicyResponse(escalation_policy=_policy(policy))


def put_rotation(rotation: Rotation) -> crisis_pb2.PutRotationResponse:
    """The rotation as it now holds."""
    return crisis_pb2.PutRotationResponse(rotation=_rotation(rotation))


def get_rotation(rotation: Rotation) -> crisis_pb2.GetRotationResponse:
    """One rotation."""
    return crisis_pb2.GetRotationResponse(rotation=_rotation(rotation))


def who_is_on_call(shift: Shift | None) -> crisis_pb2.WhoIsOnCallResponse:
    """Who, and until when."""
    if shift is None:
        return crisis_pb2.WhoIsOnCallResponse(is_covered=False)
    answer = crisis_pb2.WhoIsOnCallResponse(
        is_covered=True, clinician_id=shift.clinician_id, is_override=shift.is_override
    )
    answer.end_time.FromDatetime(shift.end)
    return answer


def case_message(case: Case) -> resources_pb2.Case:
    """One case, as every answer shows it."""
    return _case(case)


def target_message(target: Target) -> resources_pb2.EscalationTarget:
    """One target, as every answer shows it."""
    return _target(target)


def _case(case: Case) -> resources_pb2.Case:
    message = resources_pb2.Case(
        case_id=case.id,
        patient_id=case.patient_id,
        severity=SEVERITY_NUMBERS[case.severity],
        state=STATE_NUMBERS[case.state],
        source=SOURCE_NUMBERS[case.source],
        owner_id=case.owner_id,
        rung=case.ladder.rung,
        cycle=case.ladder.cycle,
        resolver_id=case.resolver_id,
        disposition=DISPOSITION_NUMBERS.get(case.disposition, 0),
        policy_version=case.ladder.policy.version,
    )
    message.helper_ids.extend(case.responders.helpers)
    message.successor_id = case.responders.successor_id
    message.pledger_ids.extend(each.clinician_id for each in case.responders.pledges)
    message.required_acknowledgements = case.ladder.current.acknowledgements
    _set_time(message, "snooze_end_time", case.snooze_end)
    _set_time(message, "next_deadline_time", case.next_deadline)
    _set_time(message, "open_time", case.open_time)
    _set_time(message, "acknowledge_time", case.responders.acknowledge_time)
    _set_time(message, "contact_deadline_time", case.contact_deadline)
    _set_time(message, "contact_time", case.contact_time)
    _set_time(message, "resolve_time", case.resolve_time)
    return message


def _act(act: Act) -> resources_pb2.CaseAct:
    message = resources_pb2.CaseAct(
        kind=ACT_KIND_NUMBERS[act.kind],
        actor_id=act.actor_id,
        rung=act.rung,
        cycle=act.cycle,
        recipient_id=act.recipient_id,
        detail=act.detail,
        inbound_id=act.inbound_id,
    )
    message.act_time.FromDatetime(act.time)
    return message


def _policy(policy: EscalationPolicy) -> resources_pb2.EscalationPolicy:
    message = resources_pb2.EscalationPolicy(
        severity=SEVERITY_NUMBERS[policy.severity],
        rungs=[_rung(rung) for rung in policy.rungs],
        policy_version=policy.version,
        etag=etag_of(policy),
    )
    if policy.contact_within is not None:
        message.contact_duration.FromTimedelta(policy.contact_within)
    return message


def _rung(rung: Rung) -> resources_pb2.EscalationRung:
    message = resources_pb2.EscalationRung(
        targets=[_target(target) for target in rung.targets],
        required_acknowledgements=rung.acknowledgements,
    )
    message.wait_duration.FromTimedelta(rung.wait)
    return message


def _target(target: Target) -> resources_pb2.EscalationTarget:
    if target.kind is TargetKind.ROTATION:
        return resources_pb2.EscalationTarget(rotation_id=target.id)
    if target.kind is TargetKind.CLINICIAN:
        return resources_pb2.EscalationTarget(clinician_id=target.id)
    if target.kind is TargetKind.ROLE:
        return resources_pb2.EscalationTarget(role_id=target.id)
    return resources_pb2.EscalationTarget(supervisor_pool=True)


def _rotation(rotation: Rotation) -> resources_pb2.Rotation:
    message = resources_pb2.Rotation(
        rotation_id=rotation.name,
        time_zone=rotation.time_zone,
        shift_days=rotation.shift_days,
        clinician_ids=rotation.clinician_ids,
        etag=etag_of(rotation),
        hand_offs=[
            resources_pb2.RotationHandOff(
                weekday=WEEKDAY_NUMBERS[each.weekday], hour=each.hour, minute=each.minute
            )
            for each in rotation.hand_offs
        ],
    )
    message.start_time.FromDatetime(rotation.start)
    _set_time(message, "end_time", rotation.end)
    for override in rotation.overrides:
        part = message.overrides.add(clinician_id=override.clinician_id)
        part.start_time.FromDatetime(override.start)
        part.end_time.FromDatetime(override.end)
    return message


def _set_time(message: Any, name: str, instant: datetime | None) -> None:
    if instant is not None:
        getattr(message, name).FromDatetime(instant)
