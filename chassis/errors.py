"""The one taxonomy of failure.

    HavenError
    |- InvalidArgument      the request is wrong, whatever the state; names each field at fault
    |- OutOfRange           a valid request past the end of what exists
    |- NotFound             no such thing for this tenant (also: it belongs to another one)
    |- AlreadyExists        a unique fact exists already
    |- FailedPrecondition   the state does not allow it now; says what would
    |- Aborted              lost against a concurrent change; read again and retry
    |- PermissionDenied     the caller is known and may not
    |- Unauthenticated      the caller is not known
    |- ResourceExhausted    a limit is reached
    |- DeadlineExceeded     the caller's time is over
    |- Unavailable          something needed is away; retry with backoff
    `- Internal             a bug

A kind says what a caller can do about it, the reason (UPPER_SNAKE, stable for ever) says what
happened. Texts are free to change and never carry health data, names, contacts or free text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import ClassVar

REASON = re.compile(r"[A-Z][A-Z0-9_]{2,62}")
NO_METADATA: Mapping[str, str] = MappingProxyType({})


class Kind(Enum):
    """What the caller can do about a failure; the names are gRPC's."""

    INVALID_ARGUMENT = "invalid_argument"
    OUT_OF_RANGE = "out_of_range"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    PERMISSION_DENIED = "permission_denied"
    UNAUTHENTICATED = "unauthenticated"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field at fault: its path, a stable reason, and a sentence without the value."""

    field: str
    reason: str
    description: str


class HavenError(Exception):
    """A failure with a kind, a stable reason and, where it helps, the fields at fault."""

    kind: ClassVar[Kind] = Kind.INTERNAL

    def __init__(
        self,
        reason: str,
        text: str = "",
        *,
        violations: Sequence[Violation] = (),
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> None:
        if not REASON.fullmatch(reason):
            raise AssertionError(f"not a reason code: {reason!r}")
        super().__init__(text or reason)
        self.reason = reason
        self.text = text or reason
        self.violations = tuple(violations)
        self.metadata = dict(metadata)


class InvalidArgument(HavenError):
    """The request is wrong, whatever the state."""

    kind = Kind.INVALID_ARGUMENT


class OutOfRange(HavenError):
    """A valid request past the end of what exists."""

    kind = Kind.OUT_OF_RANGE


class NotFound(HavenError):
    """No such thing for this tenant and caller."""

    kind = Kind.NOT_FOUND


class AlreadyExists(HavenError):
    """A unique fact exists already."""

    kind = Kind.ALREADY_EXISTS


class FailedPrecondition(HavenError):
    """The state does not allow it now."""

    kind = Kind.FAILED_PRECONDITION


class Aborted(HavenError):
    """Lost against a concurrent change."""

    kind = Kind.ABORTED


class PermissionDenied(HavenError):
    """The caller is known and may not."""

    kind = Kind.PERMISSION_DENIED


class Unauthenticated(HavenError):
    """The caller is not known."""

    kind = Kind.UNAUTHENTICATED


class ResourceExhausted(HavenError):
    """A limit is reached."""

    kind = Kind.RESOURCE_EXHAUSTED


class DeadlineExceeded(HavenError):
    """The caller's time is over."""

    kind = Kind.DEADLINE_EXCEEDED


class Unavailable(HavenError):
    """Something needed is away."""

    kind = Kind.UNAVAILABLE


class Internal(HavenError):
    """A bug."""

    kind = Kind.INTERNAL


def is_retryable(error: BaseException) -> bool:
    """True where the same request can succeed later without anyone changing it."""
    return isinstance(error, Unavailable | Aborted | DeadlineExceeded)
