"""What people see at notify's edge: neutral words, no names, no reasons, no program.

clinical.md 6.4 holds for a browser as it does for a lock screen. A page speaks as the mail did that
brought its reader here; where nobody can know who reads, it speaks every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from services.notify.domain.answer import Answer
from services.notify.domain.wording import Language

# One sentence or label by language.
Words = Mapping[Language, str]


def _words(english: str, spanish: str) -> Words:
    return MappingProxyType({Language.ENGLISH: english, Language.SPANISH: spanish})


TITLE = _words("Message", "Mensaje")
BUTTONS: Mapping[Answer, Words] = MappingProxyType(
    {
        Answer.ACKNOWLEDGE: _words("I take it", "Yo me encargo"),
        Answer.DECLINE: _words("I cannot", "No puedo"),
        Answer.ESCALATE: _words("Call the next person now", "Llamar ya a la siguiente persona"),
    }
)
CALLED = _words(
    "You are being called. Please answer now; otherwise the next person is called.",
    "Se le llama. Responda ahora; si no, se llama a la siguiente persona.",
)
RECORDED = _words("Thank you. Your answer was recorded.", "Gracias. Su respuesta queda registrada.")
USED = _words(
    "This link was used, and the answer was recorded. There is nothing more to do here.",
    "Este enlace ya se usó, y la respuesta queda registrada. No hay nada más que hacer aquí.",
)
EXPIRED = _words(
    "This link is no longer valid. Please open the app.",
    "Este enlace ya no es válido. Abra la aplicación.",
)
UNKNOWN = _words(
    "This link is not valid. Please open the app.",
    "Este enlace no es válido. Abra la aplicación.",
)
UNCLEAR = _words("Please choose one of the answers.", "Elija una de las respuestas.")
AGAIN = _words(
    "That did not work just now. Please try again, or open the app.",
    "En este momento no fue posible. Inténtelo de nuevo o abra la aplicación.",
)
STYLE = (
    "body{font:1.2em/1.5 sans-serif;max-width:28em;margin:3em auto;padding:0 1em}"
    "button{display:block;width:100%;margin:1em 0;padding:1em;font:inherit}"
)


def asking(language: Language) -> str:
    """The page that shows what can be answered. Only its buttons do anything."""
    buttons = "".join(
        f'<button name="answer" value="{answer.value}">{escape(label[language])}</button>'
        for answer, label in BUTTONS.items()
    )
    return _page(language, f'{_said(CALLED, language)}<form method="post">{buttons}</form>')


def telling(words: Words, language: Language) -> str:
    """A page of one sentence."""
    return _page(language, _said(words, language))


def telling_anybody(words: Words) -> str:
    """A page of one sentence in every language: who reads it is not known."""
    return _page(Language.ENGLISH, "".join(_said(words, language) for language in Language))


def _said(words: Words, language: Language) -> str:
    return f'<p lang="{language.value}">{escape(words[language])}</p>'


def _page(language: Language, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{TITLE[language]}</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )
