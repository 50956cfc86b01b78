"""What MongoDB's failures mean here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)

from chassis.errors import Aborted, AlreadyExists, HavenError, Internal, Unavailable

INDEX_NAME = re.compile(r" index: (\S+) dup key")
WRITE_CONFLICT = 112
# The server ended the transaction for its age (server.py). Nothing of it is left, and the label
# that says so is missing.
TOO_OLD = 290
TRANSIENT = "TransientTransactionError"
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"


def is_conflict(error: PyMongoError) -> bool:
    """Lost against another transaction, or took too long; the same one can win next time."""
    return isinstance(error, OperationFailure) and (
        error.has_error_label(TRANSIENT) or error.code == TOO_OLD
    )


def is_lost_connection(error: PyMongoError) -> bool:
    """The server closed on us (restart, election), and nothing was committed."""
    return (
        isinstance(error, ConnectionFailure)
        and error.has_error_label(TRANSIENT)
        and not error.timeout
    )


def is_unknown_commit(error: PyMongoError) -> bool:
    """The commit may or may not have happened; asking again is safe and tells."""
    return error.has_error_label(UNKNOWN_COMMIT)


def index_of(error: PyMongoError) -> str:
    """The name of the unique index that refused; never the values."""
    found = INDEX_NAME.search(str(error))
    return found[1] if found else "unknown"


def translated(error: PyMongoError) -> HavenError:
    """The same failure in Haven's own words, without the database's text (it quotes values)."""
    if error.timeout or isinstance(error, ConnectionFailure):
        return Unavailable("STORE_UNAVAILABLE", "the database does not answer")
    if isinstance(error, DuplicateKeyError):
        return AlreadyExists("UNIQUE_INDEX", "exists already", metadata={"index": index_of(error)})
    if is_conflict(error) or (isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT):
        return Aborted("WRITE_CONFLICT", "too many at once changed the same thing")
    code = getattr(error, "code", None)
    return Internal("STORE_FAULT", f"the database refused: {type(error).__name__} ({code})")


@contextmanager
def translation() -> Iterator[None]:
    """Let no driver error out."""
    try:
        yield
    except PyMongoError as error:
        raise translated(error) from error
