"""A page is answered from a telephone, and the case knows: crisis and notify together."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from chassis.call import system_call
from cli.servers import SmtpServer
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung
from services.notify.domain.answer import Answer
from services.notify.domain.commands import AnswerByLink
from services.notify.domain.link import Standing
from tests.integration.crisis.ward import TENANT, WAIT, Ward, rung_of
from tests.waiting import eventually

TEN_MINUTES = timedelta(minutes=10)
LINK = re.compile(r"https://messages\.example/a/[0-9a-f]{12}/(\S+)")


def token_of(ward: Ward, smtp: SmtpServer, recipient_id: str) -> str:
    """Of the link in the first mail to somebody."""
    mails = eventually(lambda: smtp.mails_to(ward.address(recipient_id)), within=10)
    return str(LINK.findall(mails[0].text)[0])


def use(ward: Ward, token: str, answer: Answer) -> Standing:
    call = system_call(TENANT, service="notify", action="page.answer")
    return ward.notify.page_answers.by_link(call, AnswerByLink(token, answer)).standing


def owner(ward: Ward) -> Any:
    case = ward.case_of("p-1")
    return case["state"], case["owner_id"]


def test_the_link_in_a_page_takes_the_case_for_whoever_was_paged(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.signal("p-1")
    use(ward, token_of(ward, smtp, "dr-one"), Answer.ACKNOWLEDGE)

    eventually(lambda: owner(ward) == ("acknowledged", "dr-one"), within=10)


@pytest.mark.parametrize("answer", [Answer.DECLINE, Answer.ESCALATE])
def test_who_cannot_is_followed_by_the_next_one_before_the_rung_is_over(
    ward: Ward, smtp: SmtpServer, answer: Answer
) -> None:
    first = rung_of("on-call", TEN_MINUTES)
    ward.put_policy(first, rung_of("back-up"), Rung(WAIT, (SUPERVISOR_POOL,)))
    ward.signal("p-1")
    deadline = ward.case_of("p-1")["next_deadline_time"]
    use(ward, token_of(ward, smtp, "dr-one"), answer)

    eventually(lambda: ward.messages(recipient_id="dr-two"), within=10)
    assert ward.messages(recipient_id="dr-two")[0]["accept_time"] < deadline


def test_two_people_acknowledge_and_one_of_them_has_it(ward: Ward, smtp: SmtpServer) -> None:
    ward.signal("p-1")
    tokens = [token_of(ward, smtp, each) for each in ("dr-one", "dr-two")]
    for token in tokens:
        assert use(ward, token, Answer.ACKNOWLEDGE) is Standing.OPEN

    eventually(lambda: owner(ward)[0] == "acknowledged", within=10)
    assert owner(ward)[1] in {"dr-one", "dr-two"}
