"""One address, one key; and no key gives its address back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.address import address_key, normal_number
from services.notify.domain.message import Channel

KEY, OTHER = b"k" * 32, b"o" * 32
NUMBER = "+15555550100"


@pytest.mark.parametrize(
    "text",
    ["+15555550100", "15555550100", "5555550100", "(555) 555-0100", "555.555.0100",
     " +1 555 555 0100 ", "1-555-555-0100", "555\u2011555\u20110100"],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(text: Any) -> None:
    assert normal_number(text) == NUMBER


@pytest.mark.parametrize("text", ["+442079460000", "00442079460000", "+44 20 7946 0000"])
def test_a_number_of_another_country_keeps_its_country(text: Any) -> None:
    assert normal_number(text) == "+442079460000"


@pytest.mark.parametrize("text", ["", "12345", "911", "ana", "+1", "+" + "1" * 16, "+0123456789"])
def test_what_is_no_number_has_no_key(text: Any) -> None:
    assert normal_number(text) == ""
    assert address_key(KEY, Channel.SMS, text) == ""


def test_texts_and_calls_to_a_number_share_its_key() -> None:
    assert address_key(KEY, Channel.SMS, NUMBER) == address_key(KEY, Channel.VOICE, NUMBER)


def test_a_mail_address_is_the_same_in_any_case() -> None:
    keys = {
        address_key(KEY, Channel.EMAIL, each) for each in ("Ana@Mail.example", "ana@mail.example ")
    }

    assert len(keys) == 1


@given(st.text(min_size=1).filter(str.strip))
def test_keys_of_two_tenants_cannot_be_joined(address: str) -> None:
    mine, theirs = (address_key(key, Channel.PUSH, address) for key in (KEY, OTHER))

    assert mine != theirs
    assert address.strip() not in mine or len(address.strip()) < 8
