"""A worker acknowledges after the commit, retries in bounds, parks the rest, and tells no body."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import eventlet
import pytest
from haven.crisis.v1.events_pb2 import CaseOpened, CaseResolved, PageRequested

from chassis.call import Call
from chassis.envelope import CONTENT_TYPE, properties_of
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.settings import SettingsError
from chassis.subscribe import subscribed_by
from chassis.subscribe.main import check_subscriptions
from chassis.topology import MessageClass
from tests.integration.chassis.bus.effects import AWAY, POISON, REFUSED, SECRET, Core
from tests.integration.chassis.bus.subscriptions import Subscriptions
from tests.waiting import eventually
from tests.worker.ward import CASES, PAGES, Ward, a_row


def test_an_event_has_its_effect_and_leaves_its_queue(ward: Ward) -> None:
    ward.start()

    event_id = ward.send_case()

    ward.has_effect(event_id)
    eventually(lambda: ward.depth(CASES) == 0, within=10)


def test_the_same_event_twice_has_one_effect(ward: Ward) -> None:
    ward.start()
    before = ward.handled("repeated")
    event = CaseOpened(case_id=new_id())
    event_id = ward.send(event)
    ward.has_effect(event_id)

    ward.send_again(event_id, event)

    eventually(lambda: ward.handled("repeated") == before + 1, within=20)
    assert ward.effects(event_id) == 1


def test_a_handler_that_breaks_parks_the_event_with_a_reason(ward: Ward) -> None:
    ward.start()

    event_id = ward.send_case(f"{POISON}1")

    message = ward.parked()
    assert message.properties["message_id"] == event_id
    assert message.headers["x-haven-reason"] == "HANDLER_FAILED"
    assert message.headers["x-haven-error"] == "ValueError"
    assert message.headers["x-haven-attempts"] == 1
    assert message.headers["tenant_id"] == "alpha"
    assert ward.effects(event_id) == 0


def test_a_refused_event_is_parked_with_the_handlers_reason(ward: Ward) -> None:
    ward.start()

    ward.send_case(f"{REFUSED}1")

    assert ward.parked().headers["x-haven-reason"] == "CASE_REFUSED"


def test_one_poisoned_event_does_not_hold_the_others(ward: Ward) -> None:
    ward.start()
    ward.send_case(f"{POISON}1")

    events = [ward.send_case() for _ in range(20)]

    for event_id in events:
        ward.has_effect(event_id)


def test_what_is_only_away_is_tried_again_until_it_is_back(ward: Ward) -> None:
    ward.start()
    before = ward.handled("retried")
    event_id = ward.send_case(f"{AWAY}1")
    eventually(lambda: ward.handled("retried") >= before + 2, within=20)

    ward.heal(f"{AWAY}1")

    ward.has_effect(event_id)
    assert ward.depth(f"{CASES}.dead") == 0


def test_retries_end_in_the_dead_queue(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.subscribe.verdict.RETRY_DELAYS", (1,))
    ward.start()

    ward.send_case(f"{AWAY}1")

    message = ward.parked()
    assert message.headers["x-haven-reason"] == "THING_AWAY"
    assert message.headers["x-haven-attempts"] == 2


def test_a_crisis_event_is_tried_again_at_once_and_not_put_to_wait(ward: Ward) -> None:
    ward.start()
    case_id = f"{AWAY}{new_id()}"
    started = datetime.now(UTC)
    event_id = ward.send(PageRequested(page_id=new_id(), case_id=case_id))
    ward.heal(case_id)

    ward.has_effect(event_id)

    assert datetime.now(UTC) - started < timedelta(seconds=6)
    assert ward.depth(f"{PAGES}.dead") == 0


def test_a_crisis_event_that_fails_for_seconds_is_parked(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.subscribe.entrypoint.CRISIS_SECONDS", 0.5)
    ward.start()

    ward.send(PageRequested(page_id=new_id(), case_id=f"{AWAY}1"))

    assert ward.parked(PAGES).headers["x-haven-reason"] in {"THING_AWAY", "DEADLINE_EXCEEDED"}


def test_what_a_crisis_event_leaves_to_the_direct_way_is_not_taken_from_its_own_time(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object, **__: object) -> bool:
        eventlet.sleep(1.5)
        return False

    monkeypatch.setattr("chassis.subscribe.entrypoint.CRISIS_SECONDS", 1.0)
    monkeypatch.setattr("chassis.subscribe.head_start.HeadStart.is_taken", late)
    ward.start()

    ward.has_effect(ward.send(PageRequested(page_id=new_id(), case_id=new_id())))
    assert ward.depth(f"{PAGES}.dead") == 0


def test_what_a_crisis_event_waits_for_its_turn_is_not_taken_from_its_own_time(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(Core):
        """Has one worker, and somebody before us has it for longer than an event's seconds."""

        def take(self, call: Call, event: Any) -> None:
            if event.case_id == "ahead":
                eventlet.sleep(3)
            else:
                super().take(call, event)

    monkeypatch.setattr("tests.worker.ward.MOST_HANDLERS", 1)
    monkeypatch.setattr("chassis.subscribe.entrypoint.CRISIS_SECONDS", 2.0)
    ward.start(core=Busy(ward.store))

    ward.send(PageRequested(page_id=new_id(), case_id="ahead"))
    ward.has_effect(ward.send(PageRequested(page_id=new_id(), case_id=new_id())))
    assert ward.depth(f"{PAGES}.dead") == 0


class Unread:
    """The clock of a process that has not reached its database yet."""

    def now(self) -> datetime:
        raise Unavailable("STORE_UNAVAILABLE", "no reading of its clock")


def test_nothing_is_thrown_away_as_too_late_because_the_time_cannot_be_read(ward: Ward) -> None:
    ward.start(clock=Unread())

    event_id = ward.send(
        PageRequested(page_id=new_id()), expire_time=datetime.now(UTC) - timedelta(hours=1)
    )

    ward.has_effect(event_id)


def test_a_crisis_event_is_not_parked_because_the_time_cannot_be_read(ward: Ward) -> None:
    ward.start(clock=Unread())

    event_id = ward.send(PageRequested(page_id=new_id()))

    ward.has_effect(event_id)
    assert ward.depth(f"{PAGES}.dead") == 0


def test_an_expired_event_is_acknowledged_without_effect(ward: Ward) -> None:
    ward.start()
    before = ward.handled("expired", PAGES)

    event_id = ward.send(
        PageRequested(page_id=new_id()), expire_time=datetime.now(UTC) - timedelta(seconds=1)
    )

    eventually(lambda: ward.handled("expired", PAGES) == before + 1, within=20)
    assert ward.effects(event_id) == 0
    assert ward.depth(f"{PAGES}.dead") == 0


@pytest.mark.parametrize(
    ("properties", "body", "reason"),
    [
        ({"content_type": "application/json"}, b"{}", "CONTENT_TYPE_UNKNOWN"),
        ({}, b"", "CONTENT_TYPE_UNKNOWN"),
        (
            {"content_type": "application/x-python-serialize"},
            b"cos\nsystem\n(S'true'\ntR.",
            "CONTENT_TYPE_UNKNOWN",
        ),
        ({"content_type": CONTENT_TYPE}, b"", "EVENT_HEADERS_MALFORMED"),
        (
            {"content_type": CONTENT_TYPE, "application_headers": {"aggregate_version": 1}},
            b"",
            "EVENT_HEADERS_MISSING",
        ),
        (
            {"content_type": CONTENT_TYPE, "application_headers": {"compression": "x-evil"}},
            b"abc",
            "EVENT_UNDECODABLE",
        ),
        (
            {"content_type": CONTENT_TYPE, "content_encoding": "utf-16"},
            b"\xff\xfeA\x00",
            "EVENT_HEADERS_MALFORMED",
        ),
    ],
)
def test_what_is_not_an_event_of_ours_is_parked_as_it_came(
    ward: Ward, properties: dict[str, Any], body: bytes, reason: str
) -> None:
    ward.start()

    ward.send_raw("", CASES, body, **properties)

    message = ward.parked()
    assert message.headers["x-haven-reason"] == reason
    assert (message.body or b"") == body
    ward.has_effect(ward.send_case())


def test_a_body_that_cannot_be_decoded_is_parked_and_never_told(
    ward: Ward, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    ward.start()

    ward.send_raw("", CASES, b"\xff" + SECRET.encode(), **properties_of(a_row(CaseOpened())))

    message = ward.parked()
    assert message.headers["x-haven-reason"] == "EVENT_UNDECODABLE"
    told = caplog.text + "".join(capfd.readouterr())
    name, _, number = SECRET.rpartition(" ")
    assert name not in told
    assert number not in told  # whole: three digits may stand in any driver's measured seconds


def test_a_handlers_exception_is_told_by_its_type_alone(
    ward: Ward, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    ward.start()

    ward.send_case(f"{POISON}1")

    ward.parked()
    told = caplog.text + "".join(capfd.readouterr())
    assert "ValueError" in told
    assert "Wren" not in told


def test_a_worker_of_one_class_leaves_the_others_to_other_workers(ward: Ward) -> None:
    ward.start(classes=frozenset({MessageClass.CRISIS}))
    case_id = ward.send_case()

    page_id = ward.send(PageRequested(page_id=new_id()))

    ward.has_effect(page_id)
    assert ward.depth(CASES) == 1
    ward.start(classes=frozenset({MessageClass.CLINICAL}))
    ward.has_effect(case_id)


def test_a_stopped_worker_has_finished_what_it_took(ward: Ward) -> None:
    container = ward.start()
    events = [ward.send_case() for _ in range(50)]
    eventually(lambda: any(ward.effects(event_id) for event_id in events), within=20)

    container.stop()

    done = sum(ward.effects(event_id) for event_id in events)
    eventually(lambda: ward.depth(CASES) == 50 - done, within=10)
    ward.start()
    for event_id in events:
        ward.has_effect(event_id)


def test_a_worker_never_loads_grpc(ward: Ward) -> None:
    """grpcio's threads do not live with eventlet. Its plain messages are harmless."""
    ward.start()

    ward.has_effect(ward.send_case())

    assert "grpc" not in sys.modules


def test_queues_and_deliver_must_bring_the_same_events() -> None:
    assert subscribed_by(Subscriptions) == {PageRequested, CaseOpened}
    check_subscriptions(Subscriptions, [PageRequested, CaseOpened])

    with pytest.raises(SettingsError, match="CaseOpened"):
        check_subscriptions(Subscriptions, [PageRequested])
    with pytest.raises(SettingsError, match="CaseResolved"):
        check_subscriptions(Subscriptions, [PageRequested, CaseOpened, CaseResolved])
