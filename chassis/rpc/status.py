"""The taxonomy of errors as google.rpc.Status: ErrorInfo for programs, BadRequest for forms."""

from __future__ import annotations

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from chassis.errors import HavenError, Kind

DETAILS_KEY = "grpc-status-details-bin"
CODES = {kind: grpc.StatusCode[kind.name] for kind in Kind}
# Trailers are limited to 8 KiB on many ways; the rest is counted, not sent.
MOST_VIOLATIONS = 30
LONGEST_TEXT = 400


def status_of(error: HavenError, *, service: str) -> Status:
    """The Status that tells a caller what happened and which fields are at fault."""
    metadata = dict(error.metadata)
    if len(error.violations) > MOST_VIOLATIONS:
        metadata["violations"] = str(len(error.violations))
    status = Status(code=Code.Value(error.kind.name), message=error.text[:LONGEST_TEXT])
    info = ErrorInfo(reason=error.reason, domain=f"{service}.haven", metadata=metadata)
    status.details.append(_packed(info))
    if error.violations:
        status.details.append(_packed(_bad_request(error)))
    return status


def trailers_of(status: Status) -> tuple[tuple[str, bytes], ...]:
    """The trailing metadata in which gRPC carries a Status."""
    return ((DETAILS_KEY, status.SerializeToString()),)


def _bad_request(error: HavenError) -> BadRequest:
    return BadRequest(
        field_violations=[
            BadRequest.FieldViolation(
                field=each.field, reason=each.reason, description=each.description
            )
            for each in error.violations[:MOST_VIOLATIONS]
        ]
    )


def _packed(detail: ErrorInfo | BadRequest) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
