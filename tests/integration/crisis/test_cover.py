"""Holes in the cover and shifts that change, with running timers and a real mail server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cli.servers import SmtpServer
from services.crisis.domain.commands import OptOutOfCalls, PutRotation
from services.crisis.domain.reach import Presence
from services.crisis.domain.rotation import Override
from services.crisis.domain.timeline import ActKind
from services.crisis.timers import CoverCensus
from tests.integration.crisis.ward import TENANT, Ward, rung_of
from tests.waiting import eventually


def hours(ward: Ward) -> float:
    (family,) = CoverCensus(ward.crisis, [TENANT]).collect()
    return sum(sample.value for sample in family.samples)


def told(ward: Ward, template: str) -> list[Any]:
    return ward.messages(template_id=template)


def reference_to(ward: Ward, smtp: SmtpServer, recipient_id: str) -> bool:
    """True once a page of the case has come."""
    case_id = ward.case_of("p-1")["_id"]
    return any(case_id in mail.text for mail in smtp.mails_to(ward.address(recipient_id)))


def opt_out(ward: Ward, clinician_id: str, start: timedelta, end: timedelta) -> Any:
    now = ward.crisis_store.clock.now()
    command = OptOutOfCalls(clinician_id, now + start, now + end)
    kept, _ = ward.crisis.on_call.opt_out(ward.staff(clinician_id), command)
    return kept


def test_a_hole_made_by_an_opt_out_is_told_once_and_its_metric_rises_and_falls(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.put_policy(rung_of("on-call"))
    assert hours(ward) == 0
    kept = opt_out(ward, "dr-one", timedelta(days=1), timedelta(days=1, hours=6))

    def supervisors_mails() -> list[Any]:
        return smtp.mails_to(ward.address("supervisor-pool"))

    assert hours(ward) == 6
    (mail,) = eventually(supervisors_mails, within=10)
    assert "dr-one" not in str(mail)
    # Everything that changes a plan looks again, and none of it tells again.
    for _ in range(3):
        ward.put_policy(rung_of("on-call"))
    ward.crisis.on_call.cancel(ward.staff("dr-one"), kept.id)
    eventually(lambda: told(ward, "cover-closed"), within=10)

    assert hours(ward) == 0
    assert len(told(ward, "cover-open")) == len(told(ward, "cover-closed")) == 1


def test_two_who_opt_out_at_the_same_moment_make_the_hole_that_neither_saw(ward: Ward) -> None:
    ward.register("dr-three")
    eventually(lambda: ward.presence("dr-three") is not Presence.ABSENT, within=10)
    now = ward.crisis_store.clock.now()
    start = now - timedelta(days=1)
    both = PutRotation("on-call", "America/New_York", start, 7, ("dr-one", "dr-three"), (), "")
    ward.crisis.planning.put_rotation(ward.staff("boss"), both)
    ward.put_policy(rung_of("on-call"))

    def away(clinician_id: str) -> Any:
        return lambda: opt_out(ward, clinician_id, timedelta(days=2), timedelta(days=3))

    assert ward.at_once([away("dr-one"), away("dr-three")]) == [None, None]

    assert eventually(lambda: told(ward, "cover-open"), within=10)
    assert 23.9 < hours(ward) < 24.1


def test_a_shift_that_ends_while_a_rung_waits_is_not_woken_again_and_the_new_one_is(
    ward: Ward,
) -> None:
    now = ward.crisis_store.clock.now()
    hand_off = now + timedelta(seconds=2)
    takes_over = Override("dr-two", hand_off, now + timedelta(hours=1))
    start = now - timedelta(days=1)
    rotation = PutRotation("on-call", "America/Chicago", start, 7, ("dr-one",), (takes_over,), "")
    ward.crisis.planning.put_rotation(ward.staff("boss"), rotation)
    ward.put_policy(rung_of("on-call", timedelta(hours=1)))
    ward.start_relay()  # two relays: a hand-off still happens once
    ward.signal("p-1")
    deadline = ward.case_of("p-1")["next_deadline_time"]

    eventually(lambda: ward.messages(recipient_id="dr-two"), within=15)

    case = ward.case_of("p-1")
    assert case["next_deadline_time"] == deadline
    assert case["rung"] == 0
    assert case["next_hand_off_time"] > hand_off
    pages = [each["recipient_id"] for each in ward.messages(case_id=case["_id"])]
    assert pages == ["dr-one", "dr-two"]
    acts = ward.client[ward.databases["crisis"]].case_acts
    (withdrawn,) = acts.find({"case_id": case["_id"], "kind": "page_withdrawn"})
    assert withdrawn["recipient_id"] == "dr-one"


def test_in_an_hour_that_nobody_covers_the_supervisors_are_woken_at_once(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.put_policy(rung_of("on-call", timedelta(hours=1)))
    opt_out(ward, "dr-one", -timedelta(minutes=1), timedelta(hours=6))

    ward.signal("p-1")

    eventually(lambda: reference_to(ward, smtp, "supervisor-pool"), within=15)
    assert smtp.mails_to(ward.address("dr-one")) == []
    kinds = [act.kind for act in ward.timeline_of("p-1")]
    assert ActKind.COVER_MISSED in kinds, "where whoever looks at the case can read it"


def test_an_opt_out_is_heard_by_every_case_that_waits(ward: Ward) -> None:
    ward.put_policy(rung_of("on-call", timedelta(hours=1)))
    for number in range(5):
        ward.signal(f"p-{number}")
    now = ward.crisis_store.clock.now()
    command = OptOutOfCalls("dr-one", now, now + timedelta(hours=2), "dr-two")
    ward.crisis.on_call.opt_out(ward.staff("dr-one"), command)

    eventually(lambda: len(ward.messages(recipient_id="dr-two")) == 5, within=15)

    assert len(ward.messages(recipient_id="dr-one")) == 5
