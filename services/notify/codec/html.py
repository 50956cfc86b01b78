"""What people see at notify's edge: neutral words, no names, no reasons, no program.

clinical.md 6.4 holds for a browser as it does for a lock screen.
"""

from __future__ import annotations

from html import escape

from services.notify.domain.answer import Answer

TITLE = "Message"
BUTTONS = (
    (Answer.ACKNOWLEDGE, "I take it"),
    (Answer.DECLINE, "I cannot"),
    (Answer.ESCALATE, "Call the next person now"),
)
CALLED = "You are being called. Please answer now; otherwise the next person is called."
RECORDED = "Thank you. Your answer was recorded."
USED = "This link was used, and the answer was recorded. There is nothing more to do here."
EXPIRED = "This link is no longer valid. Please open the app."
UNKNOWN = "This link is not valid. Please open the app."
UNCLEAR = "Please choose one of the answers."
AGAIN = "That did not work just now. Please try again, or open the app."
STYLE = (
    "body{font:1.2em/1.5 sans-serif;max-width:28em;margin:3em auto;padding:0 1em}"
    "button{display:block;width:100%;margin:1em 0;padding:1em;font:inherit}"
)


def asking() -> str:
    """The page that shows what can be answered. Only its buttons do anything."""
    buttons = "".join(
        f'<button name="answer" value="{answer.value}">{escape(label)}</button>'
        for answer, label in BUTTONS
    )
    return _page(CALLED, f'<form method="post">{buttons}</form>')


def telling(text: str) -> str:
    """A page of one sentence."""
    return _page(text)


def _page(text: str, more: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{TITLE}</title><style>{STYLE}</style></head>"
        f"<body><p>{escape(text)}</p>{more}</body></html>"
    )
