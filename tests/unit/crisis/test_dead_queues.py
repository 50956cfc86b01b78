"""What lies in the dead queues of the crisis class, and what each kind of it means for somebody."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.topology import load_catalogue, spec_of
from services.crisis.domain.findings import About
from services.crisis.gateways.dead_queues import about_of, watched

ABOUT: dict[type[Message], About] = {
    intake_pb2.RiskRaised: About.SIGNAL,
    sessions_pb2.SafetySignalRaised: About.SIGNAL,
    sessions_pb2.ChatRiskRaised: About.SIGNAL,
    sessions_pb2.EndangeredPatientLeft: About.SIGNAL,
    sessions_pb2.EndangeredPatientAtDoor: About.SIGNAL,
    notify_pb2.InboundRiskRaised: About.SIGNAL,
    notify_pb2.MessageFailed: About.ANSWER,
    notify_pb2.PageAnswered: About.ANSWER,
    crisis_pb2.PageRequested: About.CASE,
    crisis_pb2.CaseEscalated: About.CASE,
    crisis_pb2.CaseAcknowledged: About.CASE,
    crisis_pb2.DrillStarted: About.CASE,
}


@pytest.mark.parametrize("message", list(ABOUT), ids=lambda each: each.__name__)
def test_a_cry_for_help_opens_a_case_and_word_of_a_page_does_not(message: type[Message]) -> None:
    assert about_of(spec_of(message)) is ABOUT[message]


def test_somebody_has_said_what_each_event_in_a_watched_queue_is_about() -> None:
    catalogue = load_catalogue(["intake", "scheduling", "sessions", "crisis", "notify"])

    assert {each.spec.type for each in watched(catalogue)} == {spec_of(each).type for each in ABOUT}
