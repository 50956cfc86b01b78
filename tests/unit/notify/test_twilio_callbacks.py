"""What a telephone provider calls back with: genuine or not, and what it means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from services.notify.gateways.twilio_callbacks import (
    ReportState,
    StatusReport,
    digits,
    inbound_text,
    status_report,
    verify,
)
from services.notify.ports.callbacks import Digits, ReceivedText

# The provider's own published example (https://www.twilio.com/docs/usage/security).
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
SECRET = "12345"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
TEXT = {
    "MessageSid": "SM01",
    "From": "+15550123",
    "To": "+15550100",
    "Body": "I am not safe",
}


def faults(refused: pytest.ExceptionInfo[InvalidArgument]) -> list[tuple[str, str]]:
    return [(each.field, each.reason) for each in refused.value.violations]


def test_the_providers_own_example_is_genuine() -> None:
    assert verify(URL, PARAMS, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("url", "params", "signature", "secret"),
    [
        (URL + "&tenant_id=ocean", PARAMS, SIGNATURE, SECRET),
        (URL.replace("https", "http"), PARAMS, SIGNATURE, SECRET),
        (URL, {**PARAMS, "Digits": "1"}, SIGNATURE, SECRET),
        (URL, {**PARAMS, "More": ""}, SIGNATURE, SECRET),
        (URL, {}, SIGNATURE, SECRET),
        (URL, PARAMS, SIGNATURE, "54321"),
        (URL, PARAMS, SIGNATURE.lower(), SECRET),
        (URL, PARAMS, "", SECRET),
        (URL, PARAMS, "\u00fc", SECRET),
    ],
)
def test_whatever_was_changed_is_not_genuine(
    url: str, params: dict[str, str], signature: str, secret: str
) -> None:
    assert not verify(url, params, signature, secret)


@given(st.text(max_size=40))
def test_a_guessed_signature_is_not_genuine(guess: str) -> None:
    assert not verify(URL, PARAMS, guess, SECRET) or guess == SIGNATURE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", ReportState.UNDERWAY),
        ("sent", ReportState.UNDERWAY),
        ("delivered", ReportState.DELIVERED),
        ("read", ReportState.DELIVERED),
        ("undelivered", ReportState.FAILED),
        ("failed", ReportState.FAILED),
    ],
)
def test_a_report_about_a_text(status: str, state: ReportState) -> None:
    found = status_report({"MessageSid": "SM01", "MessageStatus": status})

    assert found == StatusReport("SM01", state)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ringing", ReportState.UNDERWAY),
        ("in-progress", ReportState.UNDERWAY),
        ("completed", ReportState.DELIVERED),
        ("busy", ReportState.FAILED),
        ("no-answer", ReportState.FAILED),
        ("canceled", ReportState.FAILED),
    ],
)
def test_a_report_about_a_call(status: str, state: ReportState) -> None:
    assert status_report({"CallSid": "CA01", "CallStatus": status}) == StatusReport("CA01", state)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("21610", "STOPPED"),
        ("30006", "ADDRESS_REFUSED"),
        ("30008", ""),  # unknown error: nothing about the recipient
        ("", ""),
        ("x", ""),
        ("2" * 5_000, ""),
        ("\u0663", ""),
    ],
)
def test_a_failure_tells_whether_the_recipient_is_the_reason(code: str, reason: str) -> None:
    params = {"MessageSid": "SM01", "MessageStatus": "failed", "ErrorCode": code}

    assert status_report(params).reason == reason


@pytest.mark.parametrize(
    ("params", "violations"),
    [
        ({}, [("MessageSid", "REQUIRED"), ("MessageStatus", "REQUIRED")]),
        ({"CallSid": "CA01"}, [("CallStatus", "REQUIRED")]),
        ({"MessageSid": "", "MessageStatus": "sent"}, [("MessageSid", "REQUIRED")]),
        ({"MessageSid": "SM01", "MessageStatus": "lost"}, [("MessageStatus", "STATE_UNKNOWN")]),
    ],
)
def test_a_report_that_is_not_one_names_each_field(
    params: dict[str, str], violations: list[Any]
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        status_report(params)

    assert refused.value.reason == "CALLBACK_INVALID"
    assert faults(refused) == violations


def test_pressed_keys() -> None:
    assert digits(PARAMS) == Digits("CA1234567890ABCDE", "1234")


@pytest.mark.parametrize(
    ("pressed", "reason"), [("", "REQUIRED"), ("one", "DIGITS_INVALID"), ("1 ", "DIGITS_INVALID")]
)
def test_what_is_not_a_key_is_refused(pressed: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        digits({"CallSid": "CA01", "Digits": pressed})

    assert faults(refused) == [("Digits", reason)]


def test_a_text_that_somebody_sent() -> None:
    found = inbound_text(TEXT)

    assert found == ReceivedText("+15550123", "+15550100", "I am not safe", "SM01")


def test_a_text_prints_neither_its_sender_nor_its_words() -> None:
    shown = repr(inbound_text(TEXT))

    assert "+15550123" not in shown
    assert "safe" not in shown


def test_a_picture_without_words_is_a_text_and_a_short_code_may_send_one() -> None:
    found = inbound_text({**TEXT, "From": "55501", "Body": ""})

    assert (found.from_number, found.body) == ("55501", "")


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"To": "help"}, ("To", "NUMBER_INVALID")),
        ({"To": ""}, ("To", "REQUIRED")),
        ({"From": ""}, ("From", "REQUIRED")),
        ({"MessageSid": ""}, ("MessageSid", "REQUIRED")),
    ],
)
def test_a_text_that_nobody_could_be_found_for_is_refused(
    change: dict[str, str], violation: tuple[str, str]
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        inbound_text({**TEXT, **change})

    assert faults(refused) == [violation]


def test_a_text_without_a_body_field_is_refused() -> None:
    without = {name: value for name, value in TEXT.items() if name != "Body"}

    with pytest.raises(InvalidArgument) as refused:
        inbound_text(without)

    assert faults(refused) == [("Body", "REQUIRED")]


@given(st.dictionaries(st.sampled_from([*TEXT, *PARAMS, "MessageStatus"]), st.text(max_size=30)))
def test_whatever_comes_is_read_or_refused_with_the_fields_at_fault(params: dict[str, str]) -> None:
    for read in (status_report, digits, inbound_text):
        assert _reference_or_faults(read, params)


def _reference_or_faults(read: Any, params: dict[str, str]) -> Any:
    try:
        return read(params).reference
    except InvalidArgument as error:
        return error.violations
