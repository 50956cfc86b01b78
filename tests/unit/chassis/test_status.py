from __future__ import annotations

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from chassis.errors import HavenError, InvalidArgument, Kind, NotFound, Violation
from chassis.rpc.status import CODES, MOST_VIOLATIONS, status_of, trailers_of


def unpacked(error: HavenError) -> tuple[ErrorInfo, BadRequest]:
    info, form = ErrorInfo(), BadRequest()
    for detail in status_of(error, service="crisis").details:
        assert detail.Unpack(info) or detail.Unpack(form)
    return info, form


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_a_code_of_grpc(kind: Kind) -> None:
    assert CODES[kind] is grpc.StatusCode[kind.name]


def test_an_error_tells_its_reason_and_domain() -> None:
    error = NotFound("NOT_FOUND", "no such case", metadata={"index": "cases__a"})
    info, _ = unpacked(error)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "NOT_FOUND",
        "crisis.haven",
        {"index": "cases__a"},
    )
    assert status_of(error, service="crisis").message == "no such case"


def test_fields_at_fault_are_told_one_by_one() -> None:
    faults = [Violation("a", "REQUIRED", "is required"), Violation("b.c", "TOO_LONG", "too long")]
    _, form = unpacked(InvalidArgument("FIELDS_INVALID", violations=faults))
    assert [(each.field, each.reason, each.description) for each in form.field_violations] == [
        ("a", "REQUIRED", "is required"),
        ("b.c", "TOO_LONG", "too long"),
    ]


def test_a_thousand_faults_still_fit_into_the_trailers() -> None:
    faults = [Violation(f"answers[{n}].value", "OUT_OF_RANGE", "from 0 to 3") for n in range(1000)]
    text = "fields at fault: " + ", ".join(each.field for each in faults)
    error = InvalidArgument("FIELDS_INVALID", text, violations=faults)
    info, form = unpacked(error)
    assert len(form.field_violations) == MOST_VIOLATIONS
    assert info.metadata["violations"] == "1000"
    ((_, trailer),) = trailers_of(status_of(error, service="crisis"))
    assert len(trailer) < 6000
