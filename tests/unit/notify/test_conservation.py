"""accepted = delivered + failed_final + parked + withdrawn + in flight, whatever happens when."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.call import system_call
from chassis.errors import FailedPrecondition, HavenError, NotFound, Unavailable
from chassis.ids import new_id
from chassis.store import AlreadyDone
from services.notify.domain.attempt import Receipt
from services.notify.domain.commands import (
    AnswerByKeys,
    NoteReceipt,
    RedriveMessages,
    ResendMessage,
)
from services.notify.domain.inbound import InboundText
from services.notify.domain.message import ENDED, Channel, MessageClass
from services.notify.timers import Census
from tests.unit.notify.house import NUMBER, TENANT, House

PEOPLE = ("dr-one", "dr-two", "dr-nowhere")
FAILURES = (
    None,
    Unavailable("PROVIDER_UNREACHABLE", "away"),
    FailedPrecondition("PROVIDER_REFUSED", "no"),
)


class Killed(BaseException):
    """The relay dies while a provider has the message."""


class Life(RuleBasedStateMachine):
    """Pages and nudges, providers that do as they like, people who answer, relays that die."""

    @initialize()
    def begin(self) -> None:
        self.house = House(attempts=3, retry_first_seconds=1)
        self.house.reached_by(Channel.EMAIL, Channel.SMS, Channel.VOICE)
        self.house.reached_by(Channel.SMS, recipient_id="dr-two")
        self.house.patient_contact("ana@mail.example")
        self.pages = 0
        self.version = 1
        self.asked: set[str] = set()
        self.told: dict[tuple[str, str, int], int] = {}

    @rule(recipient_id=st.sampled_from(PEOPLE), number=st.integers(0, 5))
    def crisis_pages(self, recipient_id: Any, number: Any) -> None:
        page_id = f"page-{recipient_id}-{number}"
        self.house.page(recipient_id, page_id=page_id, version=self.version)
        self.asked.add(page_id)

    @rule(number=st.integers(0, 3))
    def a_patient_does_not_come(self, number: Any) -> None:
        self.house.absence(f"s-{number}")

    @rule()
    def the_case_is_taken(self) -> None:
        self.version += 1
        self.house.acknowledged(version=self.version)
        self.version += 1

    @rule(channel=st.sampled_from(Channel), failure=st.sampled_from(FAILURES))
    def a_provider_changes_its_mood(self, channel: Any, failure: Any) -> None:
        self.house.providers[channel].failure = failure

    @rule(seconds=st.sampled_from([0, 1, 5, 7, 15, 60, 300]))
    def time_passes(self, seconds: Any) -> None:
        self.house.time_passes(seconds=seconds)

    @rule(channel=st.sampled_from(Channel), seconds=st.sampled_from([0, 7, 15]))
    def a_relay_dies_while_sending(self, channel: Any, seconds: Any) -> None:
        provider = self.house.providers[channel]

        def send(_: Any) -> Any:
            raise Killed

        provider.send = send
        try:
            self.house.time_passes(seconds=seconds)
        except Killed:
            pass
        finally:
            del provider.send

    @rule(data=st.data(), receipt=st.sampled_from(Receipt))
    def a_provider_reports(self, data: Any, receipt: Any) -> None:
        channel = data.draw(st.sampled_from(["sms", "voice"]))
        reference = f"{channel}-one-{data.draw(st.integers(1, 8))}"
        self.attempt(
            lambda: self.house.notify.receipts.note(caller(), NoteReceipt(reference, receipt))
        )

    @rule(number=st.integers(1, 8), digits=st.sampled_from("1279"))
    def somebody_presses_a_key(self, number: Any, digits: Any) -> None:
        command = AnswerByKeys(f"voice-one-{number}", digits)
        self.attempt(lambda: self.house.notify.page_answers.by_keys(caller(), command))

    @rule(body=st.sampled_from(["1", "2", "what?", "STOP", "START"]))
    def somebody_texts(self, body: Any) -> None:
        text = InboundText("twilio", new_id(), NUMBER, body)
        self.house.notify.inbound.take(caller(), text)

    @rule(message_class=st.sampled_from(MessageClass))
    def somebody_redrives(self, message_class: Any) -> None:
        command = RedriveMessages(message_class, 10)
        self.house.notify.redriving.redrive(self.house.call(), command)

    @rule(data=st.data())
    def somebody_resends(self, data: Any) -> None:
        if self.house.messages:
            ids = sorted(message["_id"] for message in self.house.messages)
            command = ResendMessage(data.draw(st.sampled_from(ids)))
            self.attempt(lambda: self.house.notify.redriving.resend(self.house.call(), command))

    def attempt(self, act: Any) -> None:
        """What may be refused, because it comes out of order or to nothing."""
        try:
            act()
        except (FailedPrecondition, NotFound, AlreadyDone):
            return
        except HavenError as error:
            raise AssertionError(error.reason) from error

    @invariant()
    def nothing_is_lost(self) -> None:
        census = self.house.notify.queries.census(TENANT)
        assert census.gap == 0
        assert census.accepted == sum(census.stored.values()) == len(self.house.messages)
        pages = {message["page_id"] for message in self.house.messages if message["is_page"]}
        assert pages == self.asked

    @invariant()
    def what_waits_has_a_time_and_what_ended_has_none(self) -> None:
        for message in self.house.messages:
            is_over = message["state"] in ENDED
            assert (message["next_attempt_time"] is None) == is_over
            assert (message["end_time"] is not None) == is_over
            assert (
                is_over
                or message["next_attempt_time"]
                <= max(message["expire_time"], self.house.clock.now())
                or message["state"] == "sending"
            )

    @invariant()
    def crisis_hears_of_the_end_of_a_page_and_of_each_answer_at_most_once(self) -> None:
        failed = [told.page_id for told in self.house.failed]
        answered = [(told.page_id, told.answer) for told in self.house.answered]
        assert len(failed) == len(set(failed))
        assert len(answered) == len(set(answered))

    @invariant()
    def a_page_that_failed_is_with_no_provider(self) -> None:
        for message in self.house.messages:
            if message["is_page"] and message["state"] == "failed_final":
                taken = [
                    each
                    for each in message["attempts"]
                    if each["end_time"] and not each["reason"] and each["receipt"] != "delivered"
                ]
                assert taken == []


def caller() -> Any:
    return system_call(TENANT, service="notify", action="callback.test")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_scrape_tells_where_every_message_of_every_tenant_is() -> None:
    house = House().reachable("dr-one")
    house.page()
    house.page("dr-nowhere")
    house.absence()
    house.page(tenant_id="harbor")
    house.time_passes()

    told = scraped(house)
    assert told["haven_notify_messages_stored", "crisis", "delivered"] == 1
    assert told["haven_notify_messages_stored", "crisis", "failed_final"] == 2
    assert told["haven_notify_messages_stored", "clinical", "accepted"] == 1
    assert told["haven_notify_conservation_gap", "", ""] == 0


def test_a_message_that_would_never_be_looked_at_again_shows() -> None:
    house = House().reachable("dr-one")
    house.page()
    (row,) = house.store.engine.tables["messages"].values()
    row["next_attempt_time"] = None

    assert scraped(house)["haven_notify_conservation_gap", "", ""] == 1


def test_a_message_in_a_state_that_nobody_knows_shows() -> None:
    house = House().reachable("dr-one")
    house.page()
    (row,) = house.store.engine.tables["messages"].values()
    row["state"] = "somewhere"

    assert scraped(house)["haven_notify_conservation_gap", "", ""] == 1


def test_what_ended_long_ago_is_not_counted_and_what_still_waits_is() -> None:
    house = House().reachable("dr-one")
    house.page()
    house.time_passes()
    house.page("dr-two")
    (row,) = [
        each for each in house.store.engine.tables["messages"].values() if not each["end_time"]
    ]
    row["next_attempt_time"] = row["crisis_attempt_time"] = None
    house.time_passes(days=2)

    told = scraped(house)
    assert told["haven_notify_messages_stored", "crisis", "delivered"] == 0
    assert told["haven_notify_messages_stored", "crisis", "accepted"] == 1
    assert told["haven_notify_conservation_gap", "", ""] == 1


def test_counting_reads_nobodys_message() -> None:
    house = House().reachable("dr-one")
    house.page()
    before = len(house.store.documents("audit_entries"))
    scraped(house)

    assert len(house.store.documents("audit_entries")) == before


def test_while_the_database_is_away_nothing_is_claimed() -> None:
    house = House()

    def away(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    house.store.transact = away

    assert scraped(house) == {}


def scraped(house: House) -> Any:
    families = Census(house.notify, [TENANT, "harbor"]).collect()
    return {
        (sample.name, sample.labels.get("class", ""), sample.labels.get("state", "")): sample.value
        for family in families
        for sample in family.samples
    }
