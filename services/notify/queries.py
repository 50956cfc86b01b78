"""What notify answers. Addresses are never among it; what people wrote is revealed for a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from chassis.call import Call, system_call
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Page, Reader, Store
from services.notify.domain.census import Census
from services.notify.domain.commands import ListPage, Preview, PreviewMessage, RevealText
from services.notify.domain.contact import ContactPoint
from services.notify.domain.inbound import InboundEntry, OpenText
from services.notify.domain.message import Message
from services.notify.domain.template import TEMPLATES, TemplateRef, template
from services.notify.domain.wording import Language
from services.notify.ports import Cipher, ContactBook, MessageBook
from services.notify.ports.consent import InboundBook

T = TypeVar("T")
# Values as a real message has them.
SAMPLES = {
    "reference": "00000000-0000-4000-8000-000000000000",
    "link": "https://messages.example/a/sample",
    "code": "123456",
    "minutes": "10",
    "phone": "+15555550100",
}


class Queries:
    """Messages, contact points and what people wrote, as staff see them."""

    def __init__(
        self,
        store: Store,
        *,
        book: MessageBook,
        contacts: ContactBook,
        texts: InboundBook,
        cipher: Cipher,
    ) -> None:
        self._store = store
        self._book = book
        self._contacts = contacts
        self._texts, self._cipher = texts, cipher

    def message(self, call: Call, message_id: str) -> Message:
        """One message with its attempts."""
        return self._store.read(call, lambda reader: self._book.load(reader, message_id))

    def messages(self, call: Call, asked: ListPage) -> Page[Message]:
        """Messages of a recipient or of a page, newest first; NotFound where there was none."""
        return self._store.read(call, lambda reader: _known(self._book.page(reader, asked), asked))

    def contact_points(self, call: Call, asked: ListPage) -> Page[ContactPoint]:
        """A recipient's contact points; NotFound where nobody ever said one."""
        return self._store.read(
            call, lambda reader: _known(self._contacts.page(reader, asked), asked)
        )

    def inbound_text(self, call: Call, command: RevealText) -> OpenText:
        """A text with its words; who asked and why is durable before anything is decrypted."""
        call = replace(call, purpose=command.purpose)

        def look(reader: Reader) -> InboundEntry:
            entry = self._texts.load(reader, command.inbound_id)
            for patient_id in entry.patient_ids:
                reader.touch(patient_id, entry.id)
            return entry

        entry = self._store.read(call, look)
        return OpenText(entry, self._cipher.reveal(call.tenant_id, entry.text_ciphertext))

    def preview(self, call: Call, asked: PreviewMessage) -> Preview:
        """A wording with sample values; NotFound where there is none such."""
        versions = [ref.version for ref in TEMPLATES if ref.id == asked.template_id]
        ref = TemplateRef(asked.template_id, asked.version or max(versions, default=0))
        # Also what changes nothing is in the audit trail, as the contract says.
        return self._store.read(call, lambda _: _shown(ref, asked))

    def census(self, tenant_id: str) -> Census:
        """For metrics: how many messages are where, all at one instant. Nobody's is read."""
        call = system_call(tenant_id, service="notify", action="")
        return self._store.transact(call, self._book.census)


def _shown(ref: TemplateRef, asked: PreviewMessage) -> Preview:
    try:
        wording = template(ref)
        channel = asked.channel or next(iter(wording.forms[Language.ENGLISH]))
        subject, body = wording.render(SAMPLES, channel=channel, language=asked.language)
    except FailedPrecondition as error:
        if error.reason not in {"TEMPLATE_UNKNOWN", "TEMPLATE_FORM_MISSING"}:
            raise
        raise NotFound("NOT_FOUND", "no such resource") from error
    return Preview(ref, subject, body)


def _known(page: Page[T], asked: ListPage) -> Page[T]:
    if not page.items and not asked.page_token:
        raise NotFound("NOT_FOUND", "no such resource")
    return page
