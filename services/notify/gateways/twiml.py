"""What a call says and asks, in TwiML.

A page is read twice while the keypad listens. What the keys mean is fixed here, because the voice
says it and whoever receives the digits must read them in the same way.
"""

from __future__ import annotations

from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement, tostring


class Key(StrEnum):
    """The keys that answer a page."""

    TAKE = "1"
    DECLINE = "2"
    ESCALATE = "9"


KEYPAD = "Press 1 to take it. Press 2 if you cannot. Press 9 to call the next person now."
REPLY = "Reply 1 to take it, 2 if you cannot, 9 to call the next person now."
LISTEN_SECONDS = 10


def call(text: str) -> str:
    """A call that says the text twice, for those who pick up late."""
    response = Element("Response")
    _say(response, text)
    return _written(response)


def page(text: str, *, digits_url: str) -> str:
    """A call that says the text and the keys twice; one digit interrupts it and is posted."""
    response = Element("Response")
    gather = SubElement(
        response,
        "Gather",
        numDigits="1",
        timeout=str(LISTEN_SECONDS),
        action=digits_url,
        method="POST",
    )
    _say(gather, f"{text} {KEYPAD}")
    return _written(response)


def spoken(text: str) -> str:
    """The answer to digits: says the text once and hangs up."""
    response = Element("Response")
    SubElement(response, "Say").text = text
    SubElement(response, "Hangup")
    return _written(response)


def texted(text: str) -> str:
    """The answer to an inbound text: sends the text back; nothing where it is empty."""
    response = Element("Response")
    if text:
        SubElement(response, "Message").text = text
    return _written(response)


def _say(parent: Element, text: str) -> None:
    SubElement(parent, "Say", loop="2").text = text


def _written(response: Element) -> str:
    return tostring(response, encoding="unicode")
