"""From a call for help to a mail on a real server, until a human has it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from cli.servers import SmtpServer
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung, Target, TargetKind
from tests.integration.crisis.ward import Ward, rung_of
from tests.waiting import eventually

AN_HOUR = timedelta(hours=1)


def mailed(ward: Ward, smtp: SmtpServer, *recipient_ids: str) -> list[str]:
    """Who got mails, in order; each of `recipient_ids` at least once."""
    known = {ward.address(each): each for each in ("dr-one", "dr-two", "supervisor-pool")}
    seen = [known[to] for mail in smtp.mails() for to in mail.recipients if to in known]
    assert set(recipient_ids) <= set(seen), seen
    return seen


def test_a_call_for_help_reaches_whoever_is_on_call_by_mail(ward: Ward, smtp: SmtpServer) -> None:
    ward.signal("p-1")

    assert eventually(lambda: mailed(ward, smtp, "dr-one"), within=10)[0] == "dr-one"


def test_a_mail_names_nobody_and_carries_the_case_and_a_stable_id(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.signal("p-secret-patient")
    eventually(lambda: mailed(ward, smtp, "dr-one"), within=10)

    (mail,) = smtp.mails_to(ward.address("dr-one"))
    (message,) = ward.messages()
    assert ward.case_of("p-secret-patient")["_id"] in mail.text
    assert mail.headers["Message-ID"].startswith(f"<{message['_id']}@")
    assert "p-secret-patient" not in str(mail)


def test_nobody_answers_so_each_rung_is_woken_in_turn_and_the_last_again(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.signal("p-1")

    def went_round() -> list[str]:
        seen = mailed(ward, smtp, "supervisor-pool")
        return seen if seen.count("supervisor-pool") >= 2 else []

    seen = eventually(went_round, within=30)
    assert seen[:3] == ["dr-one", "dr-two", "supervisor-pool"]
    assert Counter(seen)["dr-one"] == Counter(seen)["dr-two"] == 1


def test_an_acknowledgement_with_contact_stops_the_second_rung(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.signal("p-1")
    case_id = ward.case_of("p-1")["_id"]
    ward.acknowledge(case_id)
    ward.contact(case_id)

    # A second case lives through the time in which the first one would have climbed.
    ward.signal("p-2")
    eventually(lambda: ward.case_of("p-2")["rung"] == 2, within=30)

    pages = {message["recipient_id"] for message in ward.messages(case_id=case_id)}
    assert pages == {"dr-one"}


def test_an_acknowledgement_without_contact_lets_the_case_climb(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.signal("p-1")
    eventually(lambda: mailed(ward, smtp, "dr-one"), within=10)
    ward.acknowledge(ward.case_of("p-1")["_id"])

    assert eventually(lambda: mailed(ward, smtp, "dr-two"), within=20)[:2] == ["dr-one", "dr-two"]


def test_somebody_without_an_address_costs_no_time(ward: Ward, smtp: SmtpServer) -> None:
    nowhere = Rung(AN_HOUR, (Target(TargetKind.CLINICIAN, "dr-nowhere"),))
    ward.put_policy(nowhere, Rung(AN_HOUR, (SUPERVISOR_POOL,)))
    ward.signal("p-1")

    assert eventually(lambda: mailed(ward, smtp, "supervisor-pool"), within=10)
    (failed,) = ward.messages(recipient_id="dr-nowhere")
    assert (failed["state"], failed["reason"]) == ("failed_final", "CONTACT_POINT_MISSING")


def test_a_wording_with_a_missing_value_wakes_the_next_people_at_once_and_says_why(
    ward: Ward, smtp: SmtpServer
) -> None:
    ward.put_policy(rung_of("on-call", AN_HOUR), rung_of("back-up", AN_HOUR))
    ward.stop_relays()
    ward.signal("p-1")
    wordless = {"$set": {"template_id": "code", "template_version": 1}}  # a page has no code
    pages, of_one = ward.client[ward.databases["notify"]].messages, {"recipient_id": "dr-one"}
    eventually(lambda: pages.update_one(of_one, wordless).modified_count, within=10)

    ward.start_relay()

    assert eventually(lambda: mailed(ward, smtp, "dr-two"), within=15) == ["dr-two"]
    (failed,) = ward.messages(recipient_id="dr-one")
    assert (failed["state"], failed["reason"]) == ("failed_final", "TEMPLATE_VALUE_MISSING")
    kinds = [act.kind.value for act in ward.timeline_of("p-1")]
    assert kinds.count("page_failed") == 1


def test_a_receipt_of_the_provider_is_on_the_cases_timeline(ward: Ward, smtp: SmtpServer) -> None:
    ward.signal("p-1")

    def kinds() -> list[str]:
        return [act.kind.value for act in ward.timeline_of("p-1")]

    eventually(lambda: "page_delivered" in kinds(), within=10)
    assert kinds()[:3] == ["opened", "paged", "page_delivered"]


def test_no_address_rests_in_plain_text(ward: Ward, smtp: SmtpServer) -> None:
    ward.signal("p-1")
    eventually(lambda: mailed(ward, smtp, "dr-one"), within=10)

    database = ward.client[ward.databases["notify"]]
    everything = [
        document for name in database.list_collection_names() for document in database[name].find()
    ]
    assert everything
    assert ward.address("dr-one") not in repr(everything)
