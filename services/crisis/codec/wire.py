"""Requests as commands."""

from __future__ import annotations

from datetime import timedelta

from haven.crisis.v1 import crisis_pb2, resources_pb2

from chassis.decode import Fields
from services.crisis.codec.names import (
    CONTACT_METHODS,
    DISPOSITIONS,
    PURPOSES,
    SEVERITIES,
    SNOOZE_REASONS,
    WEEKDAYS,
)
from services.crisis.domain import commands
from services.crisis.domain.escalation import (
    LONGEST_WAIT,
    MOST_RUNGS,
    MOST_TARGETS,
    SUPERVISOR_POOL,
    Rung,
    Target,
    TargetKind,
)
from services.crisis.domain.rotation import Override
from services.crisis.domain.signal import Severity
from services.crisis.domain.turns import HandOff

SHORTEST_LEASE = timedelta(seconds=1)
LONGEST_SHIFT_DAYS = 366
MOST_HAND_OFFS = 7 * 24


def open_case(request: crisis_pb2.OpenCaseRequest) -> commands.OpenCase:
    """A clinician's worry; a severity that is not given is refused, never guessed."""
    fields = Fields(request)
    command = commands.OpenCase(
        fields.identifier("patient_id"), fields.enum("severity", SEVERITIES)
    )
    fields.done()
    return command


def report_concern(request: crisis_pb2.ReportConcernRequest) -> commands.ReportConcern:
    """What a caller said; a patient who is not known is no reason to refuse it."""
    fields = Fields(request)
    command = commands.ReportConcern(
        fields.optional_identifier("patient_id"), fields.enum("severity", SEVERITIES)
    )
    fields.done()
    return command


def acknowledge_case(request: crisis_pb2.AcknowledgeCaseRequest) -> commands.AcknowledgeCase:
    """Which case the caller takes."""
    fields = Fields(request)
    command = commands.AcknowledgeCase(fields.identifier("case_id"))
    fields.done()
    return command


def record_contact(request: crisis_pb2.RecordContactRequest) -> commands.RecordContact:
    """How the patient was reached."""
    fields = Fields(request)
    command = commands.RecordContact(
        fields.identifier("case_id"), fields.enum("contact_method", CONTACT_METHODS)
    )
    fields.done()
    return command


def resolve_case(request: crisis_pb2.ResolveCaseRequest) -> commands.ResolveCase:
    """How it ended."""
    fields = Fields(request)
    command = commands.ResolveCase(
        fields.identifier("case_id"), fields.enum("disposition", DISPOSITIONS)
    )
    fields.done()
    return command


def decline_case(request: crisis_pb2.DeclineCaseRequest) -> commands.DeclineCase:
    """Which case the caller cannot take."""
    fields = Fields(request)
    command = commands.DeclineCase(fields.identifier("case_id"))
    fields.done()
    return command


def escalate_case(request: crisis_pb2.EscalateCaseRequest) -> commands.EscalateCase:
    """Which case needs more people."""
    fields = Fields(request)
    command = commands.EscalateCase(fields.identifier("case_id"))
    fields.done()
    return command


def add_responder(request: crisis_pb2.AddResponderRequest) -> commands.AddResponder:
    """Who is wanted in addition."""
    fields = Fields(request)
    command = commands.AddResponder(fields.identifier("case_id"), fields.identifier("clinician_id"))
    fields.done()
    return command


def hand_over_case(request: crisis_pb2.HandOverCaseRequest) -> commands.HandOverCase:
    """Who is to take over."""
    fields = Fields(request)
    command = commands.HandOverCase(fields.identifier("case_id"), fields.identifier("clinician_id"))
    fields.done()
    return command


def snooze_case(request: crisis_pb2.SnoozeCaseRequest) -> commands.SnoozeCase:
    """For how long, and why; how long it may be is the tenant's to say."""
    fields = Fields(request)
    command = commands.SnoozeCase(
        case_id=fields.identifier("case_id"),
        span=fields.duration("snooze_duration", low=SHORTEST_LEASE, high=LONGEST_WAIT),
        reason=fields.enum("reason", SNOOZE_REASONS),
    )
    fields.done()
    return command


def identify_patient(request: crisis_pb2.IdentifyPatientRequest) -> commands.IdentifyPatient:
    """Whose emergency it is."""
    fields = Fields(request)
    command = commands.IdentifyPatient(
        fields.identifier("case_id"), fields.identifier("patient_id")
    )
    fields.done()
    return command


def case_id(request: crisis_pb2.GetCaseRequest) -> str:
    """Which case."""
    fields = Fields(request)
    id = fields.identifier("case_id")
    fields.done()
    return id


def list_cases(request: crisis_pb2.ListCasesRequest) -> commands.ListPage:
    """Which part of the list."""
    fields = Fields(request)
    patient_id = fields.optional_identifier("patient_id")
    fields.done()
    return commands.ListPage(patient_id, request.page_size, request.page_token)


def list_case_acts(request: crisis_pb2.ListCaseActsRequest) -> commands.ListPage:
    """Which part of the timeline."""
    fields = Fields(request)
    id = fields.identifier("case_id")
    fields.done()
    return commands.ListPage(id, request.page_size, request.page_token)


def patient_id(request: crisis_pb2.GetPatientCaseStatusRequest) -> str:
    """Whose status."""
    fields = Fields(request)
    id = fields.identifier("patient_id")
    fields.done()
    return id


def reveal_pack(request: crisis_pb2.GetEmergencyPackRequest) -> commands.RevealPack:
    """Whose pack, and why."""
    fields = Fields(request)
    command = commands.RevealPack(fields.identifier("case_id"), fields.enum("purpose", PURPOSES))
    fields.done()
    return command


def put_policy(request: crisis_pb2.PutEscalationPolicyRequest) -> commands.PutEscalationPolicy:
    """Who is woken for one severity."""
    fields = Fields(request)
    policy = fields.nested("escalation_policy")
    contact_within = None
    if policy.has("contact_duration"):
        contact_within = policy.duration("contact_duration", low=SHORTEST_LEASE, high=LONGEST_WAIT)
    command = commands.PutEscalationPolicy(
        severity=policy.enum("severity", SEVERITIES),
        rungs=tuple(_rung(rung) for rung in policy.each("rungs", low=1, high=MOST_RUNGS)),
        contact_within=contact_within,
        etag=policy.optional_text("etag", 64),
    )
    fields.done()
    return command


def severity(request: crisis_pb2.GetEscalationPolicyRequest) -> Severity:
    """Whose policy."""
    fields = Fields(request)
    value = fields.enum("severity", SEVERITIES)
    fields.done()
    return value


def put_rotation(request: crisis_pb2.PutRotationRequest) -> commands.PutRotation:
    """Who takes turns."""
    fields = Fields(request)
    rotation = fields.nested("rotation")
    command = commands.PutRotation(
        name=rotation.identifier("rotation_id"),
        time_zone=rotation.time_zone("time_zone"),
        start=rotation.timestamp("start_time"),
        shift_days=_shift_days(rotation, request.rotation),
        clinician_ids=_people(rotation),
        overrides=tuple(_override(each) for each in rotation.each("overrides")),
        etag=rotation.optional_text("etag", 64),
        hand_offs=_hand_offs(rotation),
        end=rotation.optional_timestamp("end_time"),
    )
    if command.end is not None and command.end <= command.start:
        rotation.fault("end_time", "OUT_OF_RANGE", "must be after start_time")
    fields.done()
    return command


def rotation_id(request: crisis_pb2.GetRotationRequest) -> str:
    """Which rotation."""
    fields = Fields(request)
    id = fields.identifier("rotation_id")
    fields.done()
    return id


def who_is_on_call(request: crisis_pb2.WhoIsOnCallRequest) -> commands.WhoIsOnCall:
    """Where and when."""
    fields = Fields(request)
    command = commands.WhoIsOnCall(
        fields.identifier("rotation_id"), fields.optional_timestamp("instant_time")
    )
    fields.done()
    return command


def _people(rotation: Fields) -> tuple[str, ...]:
    return rotation.identifiers("clinician_ids", low=1, high=200)


def _shift_days(rotation: Fields, message: resources_pb2.Rotation) -> int:
    """Either a number of days or hand-offs say when turns change, never both."""
    if message.hand_offs:
        return rotation.integer("shift_days", 0, 0)
    return rotation.integer("shift_days", 1, LONGEST_SHIFT_DAYS)


def _hand_offs(rotation: Fields) -> tuple[HandOff, ...]:
    found: list[HandOff] = []
    for each in rotation.each("hand_offs", high=MOST_HAND_OFFS):
        hand_off = HandOff(
            each.enum("weekday", WEEKDAYS),
            each.integer("hour", 0, 23),
            each.integer("minute", 0, 59),
        )
        if hand_off in found:
            each.fault("weekday", "MALFORMED", "must not repeat")
        found.append(hand_off)
    return tuple(sorted(found))


def _rung(rung: Fields) -> Rung:
    # How short a wait may be is the tenant's to say: the domain checks it.
    wait = rung.duration("wait_duration", high=LONGEST_WAIT)
    targets = tuple(_target(each) for each in rung.each("targets", low=1, high=MOST_TARGETS))
    needed = 1
    if rung.has("required_acknowledgements"):
        needed = rung.integer("required_acknowledgements", 1, MOST_TARGETS)
    return Rung(wait, targets, needed)


def _target(target: Fields) -> Target:
    if target.has("rotation_id"):
        return Target(TargetKind.ROTATION, target.identifier("rotation_id"))
    if target.has("clinician_id"):
        return Target(TargetKind.CLINICIAN, target.identifier("clinician_id"))
    if target.has("role_id"):
        return Target(TargetKind.ROLE, target.identifier("role_id"))
    if not target.has("supervisor_pool") or not target.flag("supervisor_pool"):
        target.fault("target", "REQUIRED", "must name a rotation, a clinician, a role or the pool")
    return SUPERVISOR_POOL


def _override(override: Fields) -> Override:
    start, end = override.timestamp("start_time"), override.timestamp("end_time")
    if end <= start:
        override.fault("end_time", "OUT_OF_RANGE", "must be after start_time")
    return Override(override.identifier("clinician_id"), start, end)
