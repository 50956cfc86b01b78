"""Who may be written to when: in permitted hours, within caps, and for a crisis always."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.consent_policy import PLAUSIBLE_ZONES, ConsentPolicy
from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel, MessageClass
from services.notify.domain.permission import (
    NEED_PROOF,
    Asked,
    Facts,
    Occasion,
    Permission,
    Verdict,
    choose,
    permit,
)

POLICY = ConsentPolicy()
# Three zones with other rules or none, and the three of the "six" that change with the US.
SIX_ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Phoenix",
    "Europe/Berlin",
    "Australia/Lord_Howe",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
NUDGE = Asked(MessageClass.CLINICAL, Channel.EMAIL)
TEXT = Asked(MessageClass.SCHEDULE, Channel.SMS)
PAGE_BY_TEXT = Asked(MessageClass.CRISIS, Channel.SMS)

instants = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
zones = st.sampled_from((*PLAUSIBLE_ZONES, *SIX_ZONES))
classes = st.sampled_from([each for each in MessageClass if each is not MessageClass.CRISIS])
channels = st.sampled_from(list(Channel))
asks = st.builds(Asked, classes, channels)
own_hours = st.none() | st.tuples(st.integers(0, 1380), st.integers(60, 1440)).filter(
    lambda pair: pair[0] < pair[1]
).map(lambda pair: Hours(*pair))
sends = st.lists(st.integers(0, 9 * 24 * 60).map(lambda ago: timedelta(minutes=ago)), max_size=6)


def in_new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))


def ask(asked: Asked = NUDGE, now: datetime = START, **facts: Any) -> Permission:
    return permit(asked, Facts(**{"time_zone": "America/New_York", **facts}), POLICY, now)


def is_daytime(instant: datetime, zone: str) -> bool:
    return 8 <= instant.astimezone(ZoneInfo(zone)).hour < 21


@settings(max_examples=500)
@given(instants, zones, asks, own_hours, sends)
def test_nothing_but_a_crisis_ever_goes_out_at_night_in_any_zone_over_two_years(
    now: Any, zone: Any, asked: Any, hours: Any, ago: Any
) -> None:
    facts = Facts(time_zone=zone, hours=hours, sent=tuple(now - each for each in ago))
    answer = permit(asked, facts, POLICY, now)

    sent = now if answer.verdict is Verdict.NOW else answer.not_before
    assert answer.verdict is not Verdict.NEVER
    assert sent is None or is_daytime(sent, zone)
    assert sent is None or hours is None or hours.holds(sent.astimezone(ZoneInfo(zone)))


@settings(max_examples=500)
@given(instants, zones, classes, channels, sends)
def test_what_must_wait_may_go_when_its_time_has_come(
    now: Any, zone: Any, message_class: Any, channel: Any, ago: Any
) -> None:
    asked, sent = Asked(message_class, channel), tuple(now - each for each in ago)
    facts = Facts(time_zone=zone, sent=sent)
    answer = permit(asked, facts, POLICY, now)

    if answer.verdict is Verdict.LATER:
        assert now < answer.not_before <= now + timedelta(days=9)
        assert permit(asked, facts, POLICY, answer.not_before).verdict is Verdict.NOW


@settings(max_examples=200)
@given(instants, zones, sends)
def test_what_may_wait_does_not_wait_a_minute_too_long(now: Any, zone: Any, ago: Any) -> None:
    facts = Facts(time_zone=zone, sent=tuple(now - each for each in ago))
    answer = permit(TEXT, facts, POLICY, now)

    if answer.verdict is Verdict.LATER:
        before = answer.not_before - timedelta(minutes=1)
        assert before < now or permit(TEXT, facts, POLICY, before).verdict is Verdict.LATER


@settings(max_examples=300)
@given(instants, classes, channels)
def test_somebody_who_may_be_anywhere_is_written_to_when_it_is_day_everywhere(
    now: Any, message_class: Any, channel: Any
) -> None:
    answer = permit(Asked(message_class, channel), Facts(), POLICY, now)

    sent = now if answer.verdict is Verdict.NOW else answer.not_before
    assert sent - now < timedelta(days=1)
    assert all(is_daytime(sent, zone) for zone in PLAUSIBLE_ZONES)


@settings(max_examples=300)
@given(instants, zones, channels, sends, st.booleans())
def test_a_crisis_is_held_up_by_no_hour_no_cap_and_no_missing_proof(
    now: Any, zone: Any, channel: Any, ago: Any, is_welcome: Any
) -> None:
    facts = Facts(
        time_zone=zone,
        sent=tuple(now - each for each in ago),
        is_verified=is_welcome,
        is_refused=not is_welcome,
    )
    answer = permit(Asked(MessageClass.CRISIS, channel), facts, POLICY, now)

    assert (answer.verdict, answer.basis) == (Verdict.NOW, "EMERGENCY_PURPOSES")


@given(instants, zones, st.booleans())
def test_no_text_goes_to_a_number_that_said_stop(now: Any, zone: Any, is_verified: Any) -> None:
    facts = Facts(time_zone=zone, is_stopped=True, is_verified=is_verified)

    for message_class in MessageClass:
        answer = permit(Asked(message_class, Channel.SMS), facts, POLICY, now)
        assert (answer.verdict, answer.reason) == (Verdict.NEVER, "STOPPED")


@pytest.mark.parametrize("zone", SIX_ZONES)
def test_every_day_of_two_years_opens_at_eight_and_closes_at_nine_on_the_wall(zone: Any) -> None:
    facts = Facts(time_zone=zone)
    for days in range(730):
        day = datetime.combine((START + timedelta(days=days)).date(), time())
        opens, closes = (day.replace(hour=hour, tzinfo=ZoneInfo(zone)) for hour in (8, 21))
        moment = timedelta(seconds=1)

        before = permit(NUDGE, facts, POLICY, _utc(opens) - moment)
        assert (before.verdict, before.not_before) == (Verdict.LATER, opens)
        assert permit(NUDGE, facts, POLICY, _utc(opens)).verdict is Verdict.NOW
        assert permit(NUDGE, facts, POLICY, _utc(closes) - moment).verdict is Verdict.NOW
        assert permit(NUDGE, facts, POLICY, _utc(closes)).reason == "QUIET_HOURS"


def test_a_zone_that_does_not_exist_is_as_good_as_unknown() -> None:
    noon = in_new_york("2026-03-02T12:00")

    assert ask(now=noon).verdict is Verdict.NOW
    assert ask(now=noon, time_zone="Mars/Olympus").verdict is Verdict.LATER


def test_a_second_text_waits_for_the_next_day() -> None:
    noon = in_new_york("2026-03-02T12:00")

    answer = ask(TEXT, noon, sent=(in_new_york("2026-03-02T08:30"),))

    assert (answer.verdict, answer.reason) == (Verdict.LATER, "CAP_REACHED")
    assert answer.not_before == in_new_york("2026-03-03T08:00")


def test_a_fourth_text_waits_until_a_week_has_passed_since_the_first() -> None:
    sent = tuple(in_new_york(f"2026-03-0{day}T20:00") for day in (2, 3, 4))

    answer = ask(TEXT, in_new_york("2026-03-05T12:00"), sent=sent)

    assert answer.not_before == in_new_york("2026-03-09T08:00")


def test_a_day_is_the_recipients_own_day() -> None:
    late = in_new_york("2026-03-02T20:59")  # the next day already in London

    assert ask(TEXT, in_new_york("2026-03-02T20:59:30"), sent=(late,)).reason == "CAP_REACHED"
    assert ask(TEXT, in_new_york("2026-03-03T08:00"), sent=(late,)).verdict is Verdict.NOW


def test_calls_and_texts_share_a_cap_and_mails_have_none() -> None:
    noon = in_new_york("2026-03-02T12:00")
    sent = (noon - timedelta(hours=1),)

    assert ask(Asked(MessageClass.SCHEDULE, Channel.VOICE), noon, sent=sent).reason == "CAP_REACHED"
    assert ask(NUDGE, noon, sent=sent).verdict is Verdict.NOW


def test_own_hours_narrow_the_law_and_never_widen_it() -> None:
    morning = in_new_york("2026-03-02T06:00")

    evening = ask(now=morning, hours=Hours(17 * 60, 24 * 60))
    assert evening.not_before == in_new_york("2026-03-02T17:00")
    assert ask(now=in_new_york("2026-03-02T22:00"), hours=Hours(17 * 60, 24 * 60)).reason == (
        "QUIET_HOURS"
    )


def test_hours_that_never_meet_the_law_are_said_to_have_no_time() -> None:
    answer = ask(hours=Hours(0, 6 * 60))

    assert (answer.verdict, answer.reason, answer.not_before) == (
        Verdict.LATER, "NO_PERMITTED_HOUR", None,
    )  # fmt: skip


@pytest.mark.parametrize("channel", sorted(NEED_PROOF))
def test_an_unproved_address_carries_nothing_but_its_code(channel: Any) -> None:
    noon = in_new_york("2026-03-02T12:00")
    routine = Asked(MessageClass.CLINICAL, channel)
    code = Asked(MessageClass.CLINICAL, channel, Occasion.CODE)

    assert ask(routine, noon, is_verified=False).reason == "CONTACT_POINT_UNVERIFIED"
    assert ask(code, noon, is_verified=False).verdict is Verdict.NOW


def test_a_channel_that_somebody_did_not_choose_is_not_taken() -> None:
    assert ask(is_refused=True).reason == "CHANNEL_REFUSED"


def test_an_answer_goes_at_once_even_after_stop_and_at_night() -> None:
    answer = Asked(MessageClass.CLINICAL, Channel.SMS, Occasion.ANSWER)
    given_ = ask(answer, in_new_york("2026-03-02T03:00"), is_stopped=True, is_verified=False)

    assert (given_.verdict, given_.basis) == (Verdict.NOW, "RECIPIENT_ASKED")


def test_a_text_within_the_caps_goes_under_the_health_care_exemption() -> None:
    noon = in_new_york("2026-03-02T12:00")

    assert ask(TEXT, noon).basis == "HEALTH_CARE_EXEMPTION"
    assert ask(NUDGE, noon).basis == "MESSAGING_CONSENT"


def test_a_page_to_a_stopped_number_takes_the_next_channel() -> None:
    stopped = ask(PAGE_BY_TEXT, is_stopped=True)
    call = ask(Asked(MessageClass.CRISIS, Channel.VOICE), is_stopped=True)

    choice = choose([(Channel.SMS, stopped), (Channel.VOICE, call)])

    assert (choice.channel, choice.permission.basis) == (Channel.VOICE, "EMERGENCY_PURPOSES")


def test_of_several_waits_the_earliest_counts_and_a_refusal_does_not_hide_it() -> None:
    never = Permission(Verdict.NEVER, "STOPPED")
    soon, late = (
        Permission(Verdict.LATER, "QUIET_HOURS", START + timedelta(hours=n)) for n in (1, 2)
    )
    unseen = Permission(Verdict.LATER, "NO_PERMITTED_HOUR")
    every = [
        (Channel.SMS, never),
        (Channel.VOICE, unseen),
        (Channel.PUSH, late),
        (Channel.EMAIL, soon),
    ]

    assert choose(every).permission is soon
    assert choose(every[:2]).permission is unseen
    assert choose(every[:1]).permission is never


@pytest.mark.parametrize(
    "numbers",
    [
        {"allowed_from_hour": 21, "allowed_until_hour": 8},
        {"allowed_from_hour": -1},
        {"allowed_until_hour": 25},
        {"plausible_zones": ()},
        {"plausible_zones": ("Mars/Olympus",)},
        {"plausible_zones": ("Europe/London", "Asia/Tokyo", "Pacific/Honolulu")},
    ],
)
def test_numbers_that_would_silence_everybody_do_not_start(numbers: Any) -> None:
    with pytest.raises(ValueError, match=r"hours|zone"):
        ConsentPolicy(**numbers)


def _utc(wall: datetime) -> datetime:
    return wall.astimezone(UTC)


def test_staff_hear_at_any_hour_of_what_waits_for_them() -> None:
    night = in_new_york("2026-03-02T03:00")

    assert ask(NUDGE, night).verdict is Verdict.LATER
    told = ask(NUDGE, night, is_staff=True)
    assert (told.verdict, told.basis) == (Verdict.NOW, "WORK_RELATION")


def test_staff_who_named_hours_of_their_own_keep_them() -> None:
    night = in_new_york("2026-03-02T03:00")

    assert ask(NUDGE, night, is_staff=True, hours=Hours(480, 1080)).verdict is Verdict.LATER
