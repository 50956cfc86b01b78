"""OnCallService: requests as commands, results as responses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from haven.crisis.v1 import on_call_pb2

from chassis.decode import Fields
from chassis.store import Page
from services.crisis.codec.answers import target_message
from services.crisis.codec.names import SEVERITIES
from services.crisis.domain import commands
from services.crisis.domain.cover import Meant, OnCallLadder
from services.crisis.domain.coverage import Gap, GapKind, Stretch
from services.crisis.domain.opt_out import OptOut
from services.crisis.domain.reach import Presence
from services.crisis.domain.rotation import ShiftReason, VacancyReason
from services.crisis.domain.signal import Severity

LONGEST_LISTING = timedelta(days=92)
LONGEST_OPT_OUT = timedelta(days=366)
REASONS = {
    reason: on_call_pb2.ShiftReason.Value(f"SHIFT_REASON_{reason.name}")
    for reason in (*ShiftReason, *VacancyReason)
}
KINDS = {
    kind: on_call_pb2.CoverageGapKind.Value(f"COVERAGE_GAP_KIND_{kind.name}") for kind in GapKind
}

PRESENCES = {
    each: on_call_pb2.ContactPointPresence.Value(f"CONTACT_POINT_PRESENCE_{each.name}")
    for each in Presence
}


def list_shifts_request(request: on_call_pb2.ListShiftsRequest) -> commands.ListShifts:
    """Where, and from when until when."""
    fields = Fields(request)
    start, end = _period(fields, LONGEST_LISTING)
    command = commands.ListShifts(fields.identifier("rotation_id"), start, end)
    fields.done()
    return command


def severity(request: on_call_pb2.WhoIsOnCallNowRequest) -> Severity:
    """How bad."""
    fields = Fields(request)
    value = fields.enum("severity", SEVERITIES)
    fields.done()
    return value


def rotation_id(request: on_call_pb2.ListCoverageGapsRequest) -> str:
    """Which rotation; empty means all."""
    fields = Fields(request)
    id = fields.optional_identifier("rotation_id")
    fields.done()
    return id


def opt_out_request(request: on_call_pb2.OptOutRequest) -> commands.OptOutOfCalls:
    """Who, when, and who instead."""
    fields = Fields(request)
    start, end = _period(fields, LONGEST_OPT_OUT)
    command = commands.OptOutOfCalls(
        clinician_id=fields.identifier("clinician_id"),
        start=start,
        end=end,
        substitute_id=fields.optional_identifier("substitute_id"),
        rotation=fields.optional_identifier("rotation_id"),
    )
    if command.substitute_id and command.substitute_id == command.clinician_id:
        fields.fault("substitute_id", "MALFORMED", "must be somebody else")
    fields.done()
    return command


def opt_out_id(request: on_call_pb2.CancelOptOutRequest) -> str:
    """Which opt-out."""
    fields = Fields(request)
    id = fields.identifier("opt_out_id")
    fields.done()
    return id


def list_opt_outs_request(request: on_call_pb2.ListOptOutsRequest) -> commands.ListPage:
    """Which part of the list."""
    fields = Fields(request)
    clinician_id = fields.optional_identifier("clinician_id")
    fields.done()
    return commands.ListPage(clinician_id, request.page_size, request.page_token)


def list_shifts(found: Iterable[Stretch]) -> on_call_pb2.ListShiftsResponse:
    """One shift after the other."""
    return on_call_pb2.ListShiftsResponse(shifts=[_shift(each) for each in found])


def who_is_on_call_now(ladder: OnCallLadder) -> on_call_pb2.WhoIsOnCallNowResponse:
    """Rung by rung."""
    answer = on_call_pb2.WhoIsOnCallNowResponse(policy_version=ladder.version)
    for wait, people in ladder.rungs:
        rung = answer.rungs.add(people=[_person(each, ladder) for each in people])
        rung.wait_duration.FromTimedelta(wait)
    return answer


def list_coverage_gaps(found: Iterable[Gap]) -> on_call_pb2.ListCoverageGapsResponse:
    """The next one first."""
    return on_call_pb2.ListCoverageGapsResponse(coverage_gaps=[_gap(each) for each in found])


def opt_out(done: tuple[OptOut, list[Gap]]) -> on_call_pb2.OptOutResponse:
    """The opt-out, and the gaps there are with it."""
    kept, gaps = done
    return on_call_pb2.OptOutResponse(
        opt_out=_opt_out(kept), coverage_gaps=[_gap(each) for each in gaps]
    )


def cancel_opt_out(done: tuple[OptOut, list[Gap]]) -> on_call_pb2.CancelOptOutResponse:
    """The cancelled opt-out, and the gaps that are left."""
    kept, gaps = done
    return on_call_pb2.CancelOptOutResponse(
        opt_out=_opt_out(kept), coverage_gaps=[_gap(each) for each in gaps]
    )


def list_opt_outs(page: Page[OptOut]) -> on_call_pb2.ListOptOutsResponse:
    """A part of the list."""
    return on_call_pb2.ListOptOutsResponse(
        opt_outs=[_opt_out(each) for each in page.items], next_page_token=page.next_page_token
    )


def _period(fields: Fields, longest: timedelta) -> tuple[datetime, datetime]:
    start, end = fields.timestamp("start_time"), fields.timestamp("end_time")
    if not timedelta(0) < end - start <= longest:
        fields.fault("end_time", "OUT_OF_RANGE", f"must be at most {longest.days} days after start")
    return start, end


def _shift(stretch: Stretch) -> on_call_pb2.OnCallShift:
    message = on_call_pb2.OnCallShift(
        clinician_id=stretch.clinician_id,
        reason=REASONS[stretch.reason],
        absent_id=stretch.absent_id,
    )
    _set_period(message, stretch.start, stretch.end)
    return message


def _person(meant: Meant, ladder: OnCallLadder) -> on_call_pb2.OnCallPerson:
    recipient_id = meant.clinician_id or ladder.supervisor_id
    message = on_call_pb2.OnCallPerson(
        target=target_message(meant.target),
        recipient_id=recipient_id,
        is_covered=bool(meant.clinician_id),
        reason=REASONS[meant.reason] if meant.reason else on_call_pb2.SHIFT_REASON_UNSPECIFIED,
        contact_point_presence=PRESENCES[ladder.reach.presence(recipient_id)],
    )
    if meant.until is not None:
        message.end_time.FromDatetime(meant.until)
    return message


def _gap(gap: Gap) -> on_call_pb2.CoverageGap:
    message = on_call_pb2.CoverageGap(
        rotation_id=gap.target.rotation_id,
        clinician_id=gap.target.clinician_id,
        kind=KINDS[gap.kind],
    )
    _set_period(message, gap.start, gap.end)
    return message


def _opt_out(opt_out: OptOut) -> on_call_pb2.OnCallOptOut:
    message = on_call_pb2.OnCallOptOut(
        opt_out_id=opt_out.id,
        clinician_id=opt_out.clinician_id,
        substitute_id=opt_out.substitute_id,
        rotation_id=opt_out.rotation,
        author_id=opt_out.author_id,
    )
    _set_period(message, opt_out.start, opt_out.end)
    if opt_out.cancel_time is not None:
        message.cancel_time.FromDatetime(opt_out.cancel_time)
    return message


def _set_period(message: Any, start: datetime, end: datetime) -> None:
    message.start_time.FromDatetime(start)
    message.end_time.FromDatetime(end)
