"""The broker's properties and Deliver's envelope say the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from haven.crisis.v1.events_pb2 import PageRequested
from hypothesis import given
from hypothesis import strategies as st

from chassis.envelope import CONTENT_TYPE, envelope_from, envelope_of, properties_of
from chassis.errors import InvalidArgument
from chassis.store import OutboxRow
from chassis.store.outbox_rows import Emission, row_of, stamped
from chassis.topology import spec_of

INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def a_row(
    *,
    create_time: datetime = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC),
    expire_time: datetime | None = None,
    version: int = 1,
) -> OutboxRow:
    emission = Emission("a1", version, expire_time)
    row = row_of(spec_of(PageRequested), PageRequested(page_id="p1"), emission)
    return stamped(row, tenant_id="alpha", now=create_time, traceparent="")


def received(row: OutboxRow) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """The row as a consumer gets it."""
    properties = {**properties_of(row), "message_id": row.event_id}
    return properties, properties["application_headers"], row.body


@given(INSTANTS, st.none() | INSTANTS, st.integers(0, 2**62))
def test_both_ways_carry_the_same_facts(
    create_time: datetime, expire_time: datetime | None, version: int
) -> None:
    row = a_row(create_time=create_time, expire_time=expire_time, version=version)

    assert envelope_from(*received(row)) == envelope_of(row)


def test_an_event_that_never_expires_says_nothing_of_it() -> None:
    assert "expire_time" not in properties_of(a_row())["application_headers"]
    assert not envelope_of(a_row()).HasField("expire_time")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content_type": "application/json"}, "CONTENT_TYPE_UNKNOWN"),
        ({"content_type": None}, "CONTENT_TYPE_UNKNOWN"),
        ({"message_id": 7}, "EVENT_HEADERS_MALFORMED"),
        ({"type": "two\nlines"}, "EVENT_HEADERS_MALFORMED"),
    ],
)
def test_properties_that_are_not_ours_are_refused(changes: dict[str, Any], reason: str) -> None:
    properties, headers, body = received(a_row())

    with pytest.raises(InvalidArgument) as refused:
        envelope_from({**properties, **changes}, headers, body)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": b"alpha"},
        {"tenant_id": "al\udce4pha"},
        {"aggregate_version": "3"},
        {"aggregate_version": -1},
        {"aggregate_version": None},
        {"create_time": "yesterday"},
        {"create_time": "2026-03-01T12:00:00"},
        {"expire_time": 12},
    ],
)
def test_headers_that_cannot_be_read_are_refused(changes: dict[str, Any]) -> None:
    properties, headers, body = received(a_row())

    with pytest.raises(InvalidArgument) as refused:
        envelope_from(properties, {**headers, **changes}, body)

    assert refused.value.reason == "EVENT_HEADERS_MALFORMED"


def test_a_body_that_was_decoded_to_text_is_refused() -> None:
    properties, headers, _ = received(a_row())

    with pytest.raises(InvalidArgument):
        envelope_from(properties, headers, "text")


@pytest.mark.parametrize("nothing", [b"", "", None])
def test_an_event_of_defaults_alone_has_an_empty_body(nothing: Any) -> None:
    properties, headers, _ = received(a_row())

    assert envelope_from(properties, headers, nothing).body == b""


def test_the_content_type_is_protobuf() -> None:
    assert properties_of(a_row())["content_type"] == CONTENT_TYPE == "application/x-protobuf"
