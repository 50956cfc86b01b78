"""One-time links: made with each mail of a page, kept as a hash, good while it may be answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from chassis.store import Tx
from services.notify.domain.answer import ANSWERABLE
from services.notify.domain.link import TOKEN_BYTES, Link, print_of, tag_of
from services.notify.domain.message import Message
from services.notify.domain.wording import Language
from services.notify.ports import LinkBook


def random_token() -> str:
    """A new token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Links:
    """Gives out links where the deployment has a public address; else none."""

    def __init__(
        self, book: LinkBook, *, public_url: str, new_token: Callable[[], str] = random_token
    ) -> None:
        self._book = book
        self._public_url = public_url.rstrip("/")
        self.new_token = new_token

    def keep(self, tx: Tx, token: str, message: Message, language: Language) -> None:
        """The token answers this page from now on, and speaks as its mail does."""
        if self._public_url and message.page is not None:
            link = Link(
                print_of(token),
                message.id,
                message.recipient_id,
                message.expire_time + ANSWERABLE,
                language=language,
            )
            self._book.insert(tx, link)

    def address(self, tenant_id: str, token: str) -> str:
        """What the recipient opens; empty where there is nothing to open."""
        return f"{self._public_url}/a/{tag_of(tenant_id)}/{token}" if self._public_url else ""
