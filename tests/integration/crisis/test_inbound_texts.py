"""From a text on a patient's telephone to whoever is on call."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.call import Actor, Call, EventOnce, Role
from chassis.deadline import Deadline
from chassis.ids import new_id
from cli.servers import SmtpServer
from services.crisis.domain.aftercare import AftercarePolicy
from services.notify.domain.inbound import InboundText
from tests.integration.crisis.ward import TENANT, Ward
from tests.waiting import eventually

ANA, STRANGER = "+15555550100", "+15555550199"


def known(ward: Ward, patient_id: str) -> None:
    """Intake told notify of the patient's number."""
    event = intake_pb2.PatientContactRecorded(
        patient_id=patient_id, phone_ciphertext=ward.cipher.encrypt(TENANT, ANA)
    )
    actor = Actor("service:intake", frozenset({Role.WORKLOAD}))
    once = EventOnce("notify.test", new_id(), 1)
    call = Call(TENANT, actor, "event.test", once, Deadline.after(20))
    ward.notify.consumers[type(event)](call, event)


def text(ward: Ward, words: str, *, by: str = ANA, id: str = "") -> None:
    incoming = InboundText("twilio", id or new_id(), by, words)
    ward.notify.inbound.take(ward.staff("provider"), incoming)


def test_a_text_that_worries_wakes_whoever_is_on_call(ward: Ward, smtp: SmtpServer) -> None:
    known(ward, "p-1")
    text(ward, "I am going to kill myself")

    eventually(lambda: smtp.mails_to(ward.address("dr-one")), within=10)
    case = ward.case_of("p-1")
    assert (case["source"], case["severity"]) == ("inbound_text", "high")
    assert "kill" not in str(smtp.mails_to(ward.address("dr-one"))[0])


def test_the_same_text_and_another_are_one_case(ward: Ward) -> None:
    known(ward, "p-1")
    ward.at_once([partial(text, ward, "me quiero morir", id="sms-1")] * 5)
    text(ward, "I can't go on")

    eventually(lambda: len(ward.cases()) == 1, within=10)
    assert ward.case_of("p-1")["severity"] == "high"


def test_a_text_of_every_day_wakes_nobody(ward: Ward) -> None:
    known(ward, "p-1")
    text(ward, "running 10 minutes late")
    text(ward, "I am going to kill myself", by=ANA)

    eventually(ward.cases, within=10)
    assert len(ward.cases()) == 1


def test_a_text_that_nobody_reads_wakes_whoever_is_on_call(ward: Ward, smtp: SmtpServer) -> None:
    ward.numbers = replace(ward.numbers, aftercare=AftercarePolicy(read_text_seconds=0.5))
    known(ward, "p-1")
    text(ward, "the heron stands in the reeds again")

    eventually(lambda: smtp.mails_to(ward.address("dr-one")), within=20)
    case = ward.case_of("p-1")
    assert (case["source"], case["severity"]) == ("inbound_text", "low")
    assert "heron" not in str(smtp.mails_to(ward.address("dr-one"))[0])


def test_a_text_that_no_rule_understands_waits_for_a_clinician(ward: Ward) -> None:
    known(ward, "p-1")
    for _ in range(3):  # the provider repeats itself
        text(ward, "the heron stands in the reeds again", id="sms-1")

    (follow_up,) = eventually(lambda: ward.follow_ups(kind="read_text"), within=20)
    assert (follow_up["patient_id"], follow_up["owner_role"]) == ("p-1", "clinician")
    assert follow_up["escalate_time"] == follow_up["due_time"]
    assert ward.cases() == []
