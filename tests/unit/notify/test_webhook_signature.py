"""Webhooks as Standard Webhooks say: what is signed, with what, and how secrets change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.gateways.webhook import payload, signature_headers, signing_key
from tests.dispatches import a_dispatch, a_page

# The specification's own example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OLD = "whsec_bG9jYWwtd2ViaG9vay1zaWduaW5nLXNlY3JldA=="


def test_the_specifications_example_is_signed_as_it_says() -> None:
    headers = signature_headers(MESSAGE_ID, TIMESTAMP, BODY, [signing_key(SECRET)])

    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_one_secret_replaces_another_both_sign() -> None:
    keys = [signing_key(SECRET), signing_key(OLD)]
    headers = signature_headers(MESSAGE_ID, TIMESTAMP, BODY, keys)

    first, second = headers["webhook-signature"].split(" ")
    assert first == SIGNATURE
    assert second.startswith("v1,")
    assert second != first


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all", "whsec_" + "QUFB" * 30]
)
def test_what_is_no_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret") as refused:
        signing_key(secret)

    assert not secret or secret not in str(refused.value)


@given(st.text(), st.text())
def test_two_attempts_at_one_message_send_the_same_bytes(subject: str, body: str) -> None:
    dispatch = a_dispatch(subject=subject, body=body)

    assert payload(dispatch) == payload(a_dispatch(subject=subject, body=body))
    assert json.loads(payload(dispatch))["data"]["body"] == body


def test_a_partners_app_learns_whether_an_answer_is_wanted_and_no_address() -> None:
    data = json.loads(payload(a_page(address="https://partner.example/hook")))["data"]

    assert data["is_answerable"] is True
    assert "partner.example" not in json.dumps(data)
