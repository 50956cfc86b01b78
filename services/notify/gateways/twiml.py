"""What a call says and asks, in TwiML, in the language of whoever is called.

A page is read twice while the keypad listens. What the keys mean is `domain.answer.KEYS`; it is
said here, because the voice says it and whoever receives the digits reads them in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement, tostring

from services.notify.domain.wording import Language

KEYPAD: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: (
            "Press 1 to take it. Press 2 if you cannot. Press 9 to call the next person now."
        ),
        Language.SPANISH: (
            "Marque 1 si la toma. Marque 2 si no puede. "
            "Marque 9 para llamar ya a la siguiente persona."
        ),
    }
)
# Follows a page's text: both together are one segment.
REPLY: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: "Reply 1 to take it, 2 if you cannot, 9 to call the next person now.",
        Language.SPANISH: (
            "Responda 1 si la toma, 2 si no puede, 9 para llamar ya a la siguiente persona."
        ),
    }
)
RECORDED: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: "Thank you. Your answer was recorded.",
        Language.SPANISH: "Gracias. Su respuesta queda registrada.",
    }
)
# Which voice reads it: https://www.twilio.com/docs/voice/twiml/say#attributes-language
VOICES: Mapping[Language, str] = MappingProxyType(
    {Language.ENGLISH: "en-US", Language.SPANISH: "es-US"}
)
LISTEN_SECONDS = 10


def call(text: str, language: Language = Language.ENGLISH) -> str:
    """A call that says the text twice, for those who pick up late."""
    response = Element("Response")
    _say(response, text, language, times=2)
    return _written(response)


def page(text: str, *, digits_url: str, language: Language = Language.ENGLISH) -> str:
    """A call that says the text and the keys twice; one digit interrupts it and is posted."""
    response = Element("Response")
    gather = _gather(response, action=digits_url)
    _say(gather, f"{text} {KEYPAD[language]}", language, times=2)
    return _written(response)


def recorded(language: Language) -> str:
    """The answer to digits that were understood: thanks, and hangs up."""
    response = Element("Response")
    _say(response, RECORDED[language], language)
    SubElement(response, "Hangup")
    return _written(response)


def asked_again(language: Language) -> str:
    """The answer to digits that mean nothing; the next ones are posted to the same address."""
    response = Element("Response")
    _say(_gather(response), KEYPAD[language], language)
    return _written(response)


def nothing() -> str:
    """The answer to an inbound text: none."""
    return _written(Element("Response"))


def _gather(parent: Element, *, action: str = "") -> Element:
    asked = {"numDigits": "1", "timeout": str(LISTEN_SECONDS), "method": "POST"}
    return SubElement(parent, "Gather", {**asked, **({"action": action} if action else {})})


def _say(parent: Element, text: str, language: Language, *, times: int = 1) -> None:
    voice = VOICES[language]
    SubElement(parent, "Say", language=voice, loop=str(times)).text = text


def _written(response: Element) -> str:
    return tostring(response, encoding="unicode")
