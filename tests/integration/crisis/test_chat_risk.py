"""From words in a live room's chat to whoever is on call."""

from __future__ import annotations

from functools import partial

from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.ids import new_id
from cli.servers import SmtpServer
from services.crisis.domain.timeline import ActKind
from tests.integration.crisis.ward import Ward
from tests.waiting import eventually

HIGH, LOW = sessions_pb2.CHAT_RISK_SEVERITY_HIGH, sessions_pb2.CHAT_RISK_SEVERITY_LOW


def chat(
    ward: Ward, risk_id: str, severity: sessions_pb2.ChatRiskSeverity.ValueType = HIGH
) -> None:
    """Sessions tells that a message of p-1 worries; each time in an envelope of its own."""
    ward.hear(
        sessions_pb2.ChatRiskRaised(
            chat_risk_id=risk_id, session_id="s-1", patient_id="p-1", severity=severity, number=7
        )
    )


def test_words_that_worry_wake_whoever_is_on_call(ward: Ward, smtp: SmtpServer) -> None:
    chat(ward, new_id())

    eventually(lambda: smtp.mails_to(ward.address("dr-one")), within=10)
    case = ward.case_of("p-1")
    assert (case["source"], case["severity"]) == ("chat", "high")


def test_a_fact_that_comes_from_everywhere_at_once_is_one_case_and_one_act(ward: Ward) -> None:
    assert ward.at_once([partial(chat, ward, "c-1")] * 5) == [None] * 5

    acts = [act for act in ward.timeline_of("p-1") if act.fact_id == "c-1"]
    assert [act.kind for act in acts] == [ActKind.OPENED]


def test_words_join_the_case_that_is_open_and_make_it_worse_where_they_are(ward: Ward) -> None:
    chat(ward, "c-1", LOW)
    assert ward.case_of("p-1")["severity"] == "low"
    chat(ward, "c-2", HIGH)
    ward.signal("p-1")

    assert ward.case_of("p-1")["severity"] == "high"
    facts = {act.detail for act in ward.timeline_of("p-1") if act.fact_id}
    assert facts == {"chat", "safety_signal"}
