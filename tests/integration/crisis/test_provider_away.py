"""The mail server is down; what happens to pages meanwhile."""

from __future__ import annotations

from typing import Any

from cli.servers import SmtpServer
from tests.integration.crisis.ward import Ward
from tests.waiting import eventually


def test_a_page_waits_for_the_mail_server_and_arrives_once(
    lonely_ward: Ward, own_smtp: SmtpServer
) -> None:
    own_smtp.stop()
    lonely_ward.signal("p-1")
    eventually(lambda: attempts(lonely_ward, "dr-one") >= 2, within=10)

    own_smtp.start()

    address = lonely_ward.address("dr-one")
    eventually(lambda: own_smtp.mails_to(address), within=20)
    eventually(lambda: states(lonely_ward, "dr-one") == ["delivered"], within=10)
    assert len(own_smtp.mails_to(address)) == 1


def test_the_case_climbs_although_no_page_can_be_sent(
    lonely_ward: Ward, own_smtp: SmtpServer
) -> None:
    own_smtp.stop()
    lonely_ward.signal("p-1")

    eventually(lambda: lonely_ward.case_of("p-1")["rung"] == 2, within=20)


def test_pages_of_a_case_that_is_in_hand_are_withdrawn_not_sent_late(
    lonely_ward: Ward, own_smtp: SmtpServer
) -> None:
    own_smtp.stop()
    lonely_ward.signal("p-1")
    eventually(lambda: attempts(lonely_ward, "dr-one") >= 1, within=10)
    case_id = lonely_ward.case_of("p-1")["_id"]
    lonely_ward.acknowledge(case_id)
    lonely_ward.contact(case_id)
    eventually(lambda: states(lonely_ward, "dr-one") == ["withdrawn"], within=20)

    own_smtp.start()

    lonely_ward.signal("p-2")
    address = lonely_ward.address("dr-one")
    (mail,) = eventually(lambda: own_smtp.mails_to(address), within=20)
    assert case_id not in mail.text


def attempts(ward: Ward, recipient_id: Any) -> Any:
    return sum(len(message["attempts"]) for message in ward.messages(recipient_id=recipient_id))


def states(ward: Ward, recipient_id: Any) -> Any:
    return [message["state"] for message in ward.messages(recipient_id=recipient_id)]
