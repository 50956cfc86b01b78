"""One frame and one inbox key for an event, by whichever way it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested
from haven.delivery.v1.delivery_pb2 import Envelope

from chassis.call import Call, EventOnce, Role
from chassis.deadline import Deadline
from chassis.errors import InvalidArgument
from chassis.inbound import EventExpired, Outcome, event_call, receive
from chassis.store import AlreadyDone
from chassis.topology import spec_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = spec_of(PageRequested)


def an_envelope(**changes: Any) -> Envelope:
    facts: dict[str, Any] = {
        "event_id": "e1",
        "type": PAGE.type,
        "tenant_id": "alpha",
        "aggregate_id": "a1",
        "aggregate_version": 3,
        "body": PageRequested(page_id="p1").SerializeToString(),
    }
    envelope = Envelope(**{**facts, **changes})
    envelope.create_time.FromDatetime(NOW - timedelta(seconds=1))
    return envelope


def frame(envelope: Envelope) -> Call:
    return event_call(envelope, PAGE, "notify", now=NOW, deadline=Deadline.after(5))


def take(envelope: Envelope, seen: list[Any]) -> Outcome:
    def handler(call: Call, event: Any) -> None:
        seen.append((call, event))

    return receive(envelope, PAGE, handler, consumer="notify", now=NOW, deadline=Deadline.after(5))


def test_the_inbox_key_is_the_queue_and_the_event() -> None:
    call = frame(an_envelope())

    assert call.once == EventOnce(
        "notify.on-page-requested.crisis", "e1", 3, NOW - timedelta(seconds=1)
    )


def test_the_publishing_service_is_who_asks() -> None:
    call = frame(an_envelope())

    assert call.actor.subject == "service:crisis"
    assert call.actor.roles == {Role.WORKLOAD}
    assert call.tenant_id == "alpha"


def test_the_handler_gets_the_event_once_it_is_decoded() -> None:
    seen: list[Any] = []

    outcome = take(an_envelope(), seen)

    assert outcome is Outcome.DONE
    assert seen[0][1].page_id == "p1"


def test_an_effect_that_is_there_already_is_a_success() -> None:
    def handler(_call: Call, _event: Any) -> None:
        raise AlreadyDone

    outcome = receive(
        an_envelope(), PAGE, handler, consumer="notify", now=NOW, deadline=Deadline.after(5)
    )

    assert outcome is Outcome.REPEATED


@pytest.mark.parametrize("missing", ["event_id", "tenant_id", "aggregate_id"])
def test_an_envelope_without_its_facts_is_refused(missing: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        frame(an_envelope(**{missing: ""}))
    assert refused.value.reason == "EVENT_HEADERS_MISSING"


def test_an_event_that_does_not_say_when_it_happened_is_refused() -> None:
    envelope = an_envelope()
    envelope.ClearField("create_time")

    with pytest.raises(InvalidArgument) as refused:
        frame(envelope)
    assert refused.value.reason == "EVENT_HEADERS_MISSING"


def test_an_event_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        frame(an_envelope(type=spec_of(CaseOpened).type))
    assert refused.value.reason == "EVENT_TYPE_UNKNOWN"


def test_a_body_that_is_no_such_message_is_refused_without_a_word_of_it() -> None:
    seen: list[Any] = []

    with pytest.raises(InvalidArgument) as refused:
        take(an_envelope(body=b"\xffWren Sample"), seen)

    assert refused.value.reason == "EVENT_UNDECODABLE"
    assert "Wren" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert seen == []


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=1)])
def test_an_expired_event_does_not_act(late: timedelta) -> None:
    envelope = an_envelope()
    envelope.expire_time.FromDatetime(NOW - late)
    seen: list[Any] = []

    with pytest.raises(EventExpired):
        take(envelope, seen)

    assert seen == []


def test_an_event_acts_until_it_expires() -> None:
    envelope = an_envelope()
    envelope.expire_time.FromDatetime(NOW + timedelta(microseconds=1))
    seen: list[Any] = []

    take(envelope, seen)

    assert len(seen) == 1
