"""What a text says about texts: stop, help, start; by word or by any reasonable wording.

clinical.md 6.4: stop, quit, end, revoke, opt out, cancel, unsubscribe, and whatever else plainly
means it, in English and Spanish. A word counts when it is the whole message, so that "I can't stop
crying" is read by the risk rules and not as a wish; a wording counts where it begins a sentence, so
that "my brother won't stop texting me" does not silence anybody's reminders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from clinical.plain_text import sentences, words
from services.notify.domain.wording import Language


class Word(StrEnum):
    """What is asked for."""

    STOP = "stop"
    HELP = "help"
    START = "start"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a text asks for, and in which language."""

    word: Word
    language: Language


# Whole messages, letters only. The first seven of English are the rule's own.
KEYWORDS = {
    Wish(Word.STOP, Language.ENGLISH): (
        "stop quit end revoke optout cancel unsubscribe "
        "stopall stopit endall cancelall quitall unsub optmeout unsubscribeme leavemealone nomore"
    ),
    Wish(Word.STOP, Language.SPANISH): (
        "alto pare paren para parar basta cancelar cancela cancele baja darmedebaja dardebaja "
        "detener detenga detengan fin terminar termine salir revocar revoco anular suspender "
        "nomas desuscribir desuscribirme yano"
    ),
    Wish(Word.HELP, Language.ENGLISH): "help info",
    Wish(Word.HELP, Language.SPANISH): "ayuda informacion",
    Wish(Word.START, Language.ENGLISH): "start unstop resume startall restart optin",
    Wish(Word.START, Language.SPANISH): "iniciar inicio empezar comenzar reanudar",
}
WHOLE = {word: wish for wish, listed in KEYWORDS.items() for word in listed.split()}
# Said beside a stop without changing it; never beside HELP, where more words mean more.
POLITE = frozenset(
    {
        *("please", "pls", "plz", "now", "thanks", "thank", "you", "thx", "ok", "okay"),
        *("por", "favor", "ya", "gracias"),
    }
)

_THINGS = r"(?:texts?|texting|messages?|messaging|msgs?|sms|notifications?|reminders?|alerts?|spam)"
_ME = r"(?:texting|messaging|contacting|writing|sending|bothering|spamming)"
_PREAMBLE = (
    r"^(?:(?:please|pls|plz|hi|hey|hello|ok|okay|and|just|now|so|yes|no|team|sorry"
    r"|(?:can|could|would|will) you|you (?:need|have) to|i (?:want|need|would like|d like|wish)"
    r"(?: you)?(?: to)?|id like (?:you )?to|im asking you to|i said|por favor|hola|oye|oigan"
    r"|quiero(?: que)?|necesito(?: que)?|puede[ns]?|pueden) )*"
)
ENGLISH = (
    rf"{_PREAMBLE}(?:stop|quit|cease) (?:\w+ ){{0,2}}?(?:{_THINGS}|{_ME})\b",
    rf"{_PREAMBLE}(?:do not|dont|never) (?:ever )?(?:text|message|contact|write|sms)"
    r"(?: to)? (?:me|this (?:number|phone))\b",
    rf"{_PREAMBLE}no more (?:\w+ )?{_THINGS}\b",
    rf"{_PREAMBLE}i? ?(?:do not|dont) want (?:\w+ ){{0,3}}?{_THINGS}\b",
    rf"{_PREAMBLE}i? ?(?:do not|dont) want (?:\w+ ){{0,3}}?(?:texted|messaged|contacted)\b",
    rf"{_PREAMBLE}(?:take|remove|delete) (?:me|my (?:number|phone|name)) (?:off|from)\b",
    rf"{_PREAMBLE}(?:remove|delete|lose) my (?:phone )?number\b",
    rf"{_PREAMBLE}(?:cancel|end) (?:\w+ ){{0,2}}?(?:{_THINGS}|subscription)\b",
    r"\b(?:revoke|withdraw|cancel|take back) (?:my |all )*consent\b",
    r"\bunsubscribe\b",
    r"\bopt(?:ing)?(?: me)? ?out\b",
)
_COSAS = r"(?:mensajes?|textos?|sms|recordatorios?|avisos?|notificacion(?:es)?)"
SPANISH = (
    rf"{_PREAMBLE}(?:deje|dejen|deja|pare|paren|para|basta) de (?:\w+ )?"
    r"(?:envi|mand|escrib|contact|text|molest)\w*",
    rf"{_PREAMBLE}(?:ya )?no (?:quiero|deseo) (?:\w+ ){{0,3}}?{_COSAS}\b",
    rf"{_PREAMBLE}(?:ya )?no (?:quiero|deseo) que me (?:envi|mand|escrib|contact|text)\w*",
    rf"{_PREAMBLE}(?:ya )?no me (?:envie|envien|mande|manden|mandes|escriba|escriban|escribas"
    r"|contacte|contacten|textee|texteen)\b",
    rf"{_PREAMBLE}(?:ya )?no mas {_COSAS}\b",
    r"\b(?:dar(?:me)?|denme|deme|dame) de baja\b",
    rf"{_PREAMBLE}(?:quite|elimine|borre)n?(?:me)? mi (?:numero|telefono)\b",
    rf"{_PREAMBLE}(?:quiteme|quitenme|eliminenme|eliminame|borrenme) de\b",
    r"\b(?:revoco|retiro|cancelo) (?:mi|el) consentimiento\b",
    rf"{_PREAMBLE}(?:cancelar|cancelen?|detener|detengan?) (?:\w+ )?(?:{_COSAS}|suscripcion)\b",
)
WORDINGS = (
    (Language.ENGLISH, re.compile("|".join(ENGLISH))),
    (Language.SPANISH, re.compile("|".join(SPANISH))),
)


def wish_of(text: str) -> Wish | None:
    """What the text asks for; None for everything else that people write."""
    if (keyword := _keyword(text)) is not None:
        return keyword
    for language, wording in WORDINGS:
        if any(wording.search(sentence) for sentence in sentences(text)):
            return Wish(Word.STOP, language)
    return None


def is_keyword(text: str) -> bool:
    """True where the whole text is one of the words, and not only means it."""
    return _keyword(text) is not None


def _keyword(text: str) -> Wish | None:
    spoken = words(text)
    for letters in ("".join(spoken), "".join(each for each in spoken if each not in POLITE)):
        found = WHOLE.get(letters)
        if found is not None and (letters == "".join(spoken) or found.word is Word.STOP):
            return found
    return None
