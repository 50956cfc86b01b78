"""A screening that was left is closed by a relay, on the database's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from chassis.outbox.gauges import GaugeLoop
from services.intake.domain.instruments.cssrs import CSSRS, Q1, Q2
from services.intake.timers import due_work
from tests.due import RunningTimers
from tests.integration.intake.test_races import risks
from tests.unit.intake.house import House
from tests.waiting import eventually

NOBODY = "amqp://guest:guest@127.0.0.1:1/"


@pytest.fixture
def relay(house: House) -> Iterator[RunningTimers]:
    """Intake's due work, as its relay runs it."""
    runner = RunningTimers(house.store, due_work(house.intake))
    runner.start()
    yield runner
    runner.stop()


def test_a_screener_that_no_relay_closes_is_shown_with_the_time_at_which_it_was_due(
    house: House,
) -> None:
    """Its timer may hang or hold the lease and do nothing: what is stored tells."""
    ana = house.patient()
    start = wire.StartScreeningRequest(
        patient_id=ana.subject, instrument=CSSRS.id, instrument_version="1"
    )
    screening_id = house.ask(ana, start).screening.screening_id
    answer = resources.Answer(item_code=Q1, value=1)
    house.ask(ana, wire.RecordAnswersRequest(screening_id=screening_id, answers=[answer]))
    work = due_work(house.intake)
    gauges = GaugeLoop("intake", house.store, amqp_uri=NOBODY, queues=[], due_work=work)

    def shown() -> float:
        with pytest.raises(Unavailable):  # there is no broker, which is another alert's
            gauges.turn()
        labels = {"job": "screenings-left"}
        name = "haven_timer_oldest_due_timestamp_seconds"
        return REGISTRY.get_sample_value(name, labels) or 0.0

    assert eventually(shown, within=20) <= house.store.now().timestamp()


def test_a_screener_left_after_its_second_question_is_closed_as_high(
    house: House, relay: RunningTimers
) -> None:
    ana = house.patient()
    start = wire.StartScreeningRequest(
        patient_id=ana.subject, instrument=CSSRS.id, instrument_version="1"
    )
    screening_id = house.ask(ana, start).screening.screening_id
    for code in (Q1, Q2):
        answer = resources.Answer(item_code=code, value=0)
        request = wire.RecordAnswersRequest(screening_id=screening_id, answers=[answer])
        house.ask(ana, request)

    def left() -> bool:
        found = house.ask(ana, wire.GetScreeningRequest(screening_id=screening_id)).screening
        return bool(found.state == resources.SCREENING_STATE_ABANDONED)

    assert not left()
    eventually(left, within=20)
    assert [each.tier for each in risks(house)] == [4]
