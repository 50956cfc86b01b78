"""URLs that a call may go to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unavailable
from services.notify.gateways.calling import Answer, Place


@pytest.mark.parametrize(
    ("url", "place", "authority"),
    [
        (
            "https://partner.example",
            Place("https", "partner.example", 443, "/"),
            "partner.example",
        ),
        (
            "https://Partner.example:8443/hook?a=1&b=2",
            Place("https", "partner.example", 8443, "/hook?a=1&b=2"),
            "partner.example:8443",
        ),
        ("http://127.0.0.1:81/x", Place("http", "127.0.0.1", 81, "/x"), "127.0.0.1:81"),
        ("https://[2606:4700::1]/", Place("https", "2606:4700::1", 443, "/"), "[2606:4700::1]"),
    ],
)
def test_a_url_in_its_parts(url: str, place: Place, authority: str) -> None:
    assert Place.of(url) == place
    assert place.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.example",
        "ftp://partner.example",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://user:word@partner.example",
        "https://good.example@evil.example/",
        "https://partner.example#part",
        "https://partner.example:99999",
        "https://partner.example:x",
        "https://.example/",
        "https://a..b/",
        "https://partner.example/a b",
        "https://partner.example/\r\nHost: evil.example",
        "https://part\tner.example",
        "https://p\u00e4rtner.example",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://" + "a" * 64 + ".example",
        "https://partner.example/" + "a" * 2_000,
    ],
)
def test_what_is_not_a_plain_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|needed|belongs") as refused:
        Place.of(url)

    assert "partner" not in str(refused.value)


@given(st.text(max_size=80))
def test_whatever_follows_the_scheme_is_a_place_or_refused(text: str) -> None:
    try:
        place = Place.of(f"https://{text}")
    except ValueError:
        return
    assert place.host
    assert place.target.startswith("/")
    assert "\n" not in place.authority + place.target


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff", b"[" * 50_000])
def test_an_answer_that_is_not_one_json_object_is_garbled(body: bytes) -> None:
    with pytest.raises(Unavailable) as missed:
        Answer(200, body).document()

    assert missed.value.reason == "PROVIDER_GARBLED"
