"""Who is to be called and cannot be is known before anybody needs them: from a contact point in
notify to what the auditor finds, to the metric and to a mail, with running timers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.call import Call
from chassis.deadline import Deadline
from cli.servers import SmtpServer
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung, Target, TargetKind
from services.crisis.domain.findings import FindingKind
from services.crisis.domain.reach import Presence
from services.crisis.timers import CoverCensus
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import Channel
from services.notify.ports import Dispatch, Receipt
from tests.integration.crisis.auditing import watchman
from tests.integration.crisis.ward import TENANT, Ward, rung_of
from tests.waiting import eventually

NUMBER = "+15555550177"


class Texter:
    """A telephone company that takes every text."""

    name = "texter"

    def send(self, dispatch: Dispatch) -> Receipt:
        return Receipt(self.name, dispatch.message_id)


@pytest.fixture
def texting_ward(
    mongo_client: MongoClient[dict[str, Any]], test_name: str, smtp: SmtpServer, tmp_path: Path
) -> Iterator[Ward]:
    """A ward that can send texts."""
    telephones = {Channel.SMS: Texter()}
    made = Ward(
        mongo_client, name=test_name, smtp_uri=smtp.uri, folder=tmp_path, telephones=telephones
    )
    yield made.open()
    made.close()
    assert made.guard.violations == []


def unreachable_hours(ward: Ward) -> float:
    (family,) = CoverCensus(ward.crisis, [TENANT]).collect()
    return next(each.value for each in family.samples if each.labels["kind"] == "unreachable")


def told(ward: Ward, template: str) -> list[Any]:
    return ward.messages(template_id=template)


def reached_by_text(ward: Ward, recipient_id: str) -> None:
    """Registered, as an administrator does it, and never proved."""
    command = RegisterContactPoint(recipient_id, Channel.SMS, NUMBER)
    ward.notify.contacts.register(ward.staff("boss"), command)


def texts(ward: Ward, words: str, id: str) -> None:
    """Somebody writes from the number."""
    actor = ward.staff("service:notify").actor
    call = Call(TENANT, actor, "text.take", None, Deadline.after(20))
    ward.notify.inbound.take(call, InboundText("twilio", id, NUMBER, words))


def test_supervisors_whom_no_page_can_reach_are_found_before_a_page_fails(ward: Ward) -> None:
    auditor = watchman(ward, supervisor_id="night-supervisors")
    assert auditor.found() == [FindingKind.TENANT_WITHOUT_COVER]

    ward.register("night-supervisors")

    eventually(lambda: auditor.found() == [], within=10)


def test_hours_of_somebody_who_cannot_be_reached_are_told_by_mail_until_they_can_be(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.numbers = replace(ward.numbers, cover_check_seconds=0.5)
    new = Rung(timedelta(seconds=5), (Target(TargetKind.CLINICIAN, "dr-new"),))
    ward.put_policy(new, Rung(timedelta(seconds=5), (SUPERVISOR_POOL,)))

    eventually(lambda: smtp.mails_to(ward.address("supervisor-pool")), within=10)
    assert unreachable_hours(ward) == 14 * 24

    ward.register("dr-new")
    eventually(lambda: told(ward, "cover-closed"), within=10)
    assert unreachable_hours(ward) == 0
    assert len(told(ward, "cover-open")) == len(told(ward, "cover-closed")) == 1


def test_a_number_that_says_stop_leaves_its_hours_uncovered_until_it_says_start(
    texting_ward: Ward,
) -> None:
    ward = texting_ward
    reached_by_text(ward, "dr-text")
    ward.put_policy(Rung(timedelta(seconds=5), (Target(TargetKind.CLINICIAN, "dr-text"),)))
    eventually(lambda: ward.presence("dr-text") is Presence.UNPROVED, within=10)
    assert unreachable_hours(ward) == 0

    texts(ward, "STOP", "sms-1")
    eventually(lambda: ward.presence("dr-text") is Presence.ABSENT, within=10)
    assert unreachable_hours(ward) == 14 * 24

    texts(ward, "START", "sms-2")
    eventually(lambda: unreachable_hours(ward) == 0, within=10)


def test_a_program_that_was_there_before_anybody_looked_is_known_after_one_look(
    ward: Ward,
) -> None:
    ward.put_policy(rung_of("on-call"))
    ward.stop_relays()
    crisis, notify = (ward.client[ward.databases[each]] for each in ("crisis", "notify"))
    crisis.staff_reach.delete_many({})
    notify.staff_reach.delete_many({})
    auditor = watchman(ward)
    assert auditor.found() == [FindingKind.TENANT_WITHOUT_COVER]
    assert unreachable_hours(ward) == 0

    ward.begin_reach_looks()
    ward.start_relay()

    eventually(lambda: auditor.found() == [], within=10)
    assert ward.presence("dr-one") is Presence.PRESENT
    assert told(ward, "cover-open") == []


def test_two_relays_tell_each_change_once(ward: Ward) -> None:
    ward.start_relay()
    ward.register("dr-new")
    eventually(lambda: ward.presence("dr-new") is Presence.PRESENT, within=10)

    rows = ward.client[ward.databases["notify"]].outbox
    said = [row["body"] for row in rows.find({"type": "haven.notify.v1.StaffReachChanged"})]
    assert len(said) == len({*said})
