"""What the driver's failures become, and that none of them carries the database's own words."""

from __future__ import annotations

import pytest
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from chassis.errors import Aborted, AlreadyExists, HavenError, Internal, Unavailable
from chassis.store.faults import (
    is_conflict,
    is_lost_connection,
    is_unknown_commit,
    translated,
    translation,
)

SECRET = "p-12345"
DUPLICATE = (
    "E11000 duplicate key error collection: crisis.cases index: cases__tenant_id_patient_id__open"
    f' dup key: {{ tenant_id: "t1", patient_id: "{SECRET}" }}'
)


def labelled(error: PyMongoError, label: str) -> PyMongoError:
    error._add_error_label(label)
    return error


TRANSIENT = "TransientTransactionError"


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (AutoReconnect(SECRET), Unavailable, "STORE_UNAVAILABLE"),
        (NetworkTimeout(SECRET), Unavailable, "STORE_UNAVAILABLE"),
        (ServerSelectionTimeoutError(SECRET), Unavailable, "STORE_UNAVAILABLE"),
        (ConnectionFailure(SECRET), Unavailable, "STORE_UNAVAILABLE"),
        (WaitQueueTimeoutError(SECRET), Unavailable, "STORE_UNAVAILABLE"),
        (ExecutionTimeout(SECRET, 50), Unavailable, "STORE_UNAVAILABLE"),
        (DuplicateKeyError(DUPLICATE, 11000), AlreadyExists, "UNIQUE_INDEX"),
        (OperationFailure(SECRET, 112), Aborted, "WRITE_CONFLICT"),
        (labelled(OperationFailure(SECRET, 251), TRANSIENT), Aborted, "WRITE_CONFLICT"),
        (OperationFailure(SECRET, 290), Aborted, "WRITE_CONFLICT"),
        (OperationFailure(SECRET, 13), Internal, "STORE_FAULT"),
        (PyMongoError(SECRET), Internal, "STORE_FAULT"),
    ],
)
def test_a_driver_error_becomes_what_a_caller_can_act_on(
    error: PyMongoError, kind: type[HavenError], reason: str
) -> None:
    found = translated(error)
    assert type(found) is kind
    assert found.reason == reason
    assert SECRET not in f"{found.text} {found.metadata}"


def test_a_duplicate_names_the_index_and_nothing_else() -> None:
    found = translated(DuplicateKeyError(DUPLICATE, 11000))
    assert found.metadata == {"index": "cases__tenant_id_patient_id__open"}
    assert translated(DuplicateKeyError("new words", 11000)).metadata == {"index": "unknown"}


def test_only_what_nobody_can_have_committed_is_run_again() -> None:
    conflict = labelled(OperationFailure("x", 112), TRANSIENT)
    lost = labelled(AutoReconnect("x"), TRANSIENT)
    frozen = labelled(NetworkTimeout("x"), TRANSIENT)
    unknown = labelled(AutoReconnect("x"), "UnknownTransactionCommitResult")
    errors = [conflict, lost, frozen, unknown]
    assert [is_conflict(error) for error in errors] == [True, False, False, False]
    assert [is_lost_connection(error) for error in errors] == [False, True, False, False]
    assert [is_unknown_commit(error) for error in errors] == [False, False, False, True]


def test_no_driver_error_gets_out_and_others_pass() -> None:
    with pytest.raises(Unavailable), translation():
        raise AutoReconnect("x")
    with pytest.raises(KeyError), translation():
        raise KeyError("x")
