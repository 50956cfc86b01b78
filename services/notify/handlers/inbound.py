"""A text comes in: kept, understood, acted upon and answered in one transaction.

A stop holds as soon as the text is kept. Every text goes through the risk rules. A number that
nobody knows is answered with 988 once a day and learns nothing: no answer depends on who is known,
here or anywhere else, but that a known number has no need of it. First the words of the rules of
texting (stop, help, start), then answers of staff to their pages, then the risk rules, for all.
What none of these understands is read by a human: it is in nobody's hands to call it harmless.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter

from chassis.call import Call
from chassis.ids import derived_id
from chassis.store import Store, Tx
from clinical.plain_text import is_spanish
from clinical.risk import Assessment, Severity, assess
from services.notify.domain.address import address_key, keyed
from services.notify.domain.answer import TextReply
from services.notify.domain.inbound import InboundEntry, InboundText, StaffText, is_understood
from services.notify.domain.message import Channel, Message
from services.notify.domain.optout import Wish, Word, wish_of
from services.notify.domain.wording import Language
from services.notify.handlers.answering import Answering
from services.notify.handlers.counting import count_accepted
from services.notify.handlers.page_answers import Heard, PageAnswers
from services.notify.ports import Cipher
from services.notify.ports.consent import Shelves

NO_WISH = "none"
LANGUAGES = {each.value: each for each in Language}
texts = Counter(
    "haven_notify_inbound_texts",
    "Texts that came in, by who wrote and what for.",
    ["sender", "wish"],
)
risks = Counter(
    "haven_notify_inbound_risks", "Texts that gave reason to look.", ["sender", "severity"]
)
reviews = Counter(
    "haven_notify_inbound_reviews",
    "Texts that no rule understood, for a human to read.",
    ["sender"],
)
unassessed = Counter(
    "haven_notify_inbound_unassessed",
    "Texts at which the risk rules failed, raised as the worst: must be 0.",
)
for _sender in ("patient", "staff", "unknown"):
    reviews.labels(_sender)
    for _wish in (*Word, NO_WISH):
        texts.labels(_sender, _wish)
    for _severity in Severity:
        risks.labels(_sender, _severity.name.lower())


class Inbound:
    """One effect per text, however often a provider hands it over."""

    def __init__(
        self,
        store: Store,
        shelves: Shelves,
        *,
        cipher: Cipher,
        answering: Answering,
        page_answers: PageAnswers,
    ) -> None:
        self._store = store
        self._book = shelves.inbound
        self._directory = shelves.directory
        self._wishes = shelves.wishes
        self._cipher = cipher
        self._answering = answering
        self._page_answers = page_answers

    def take(self, call: Call, incoming: InboundText) -> None:
        """Keep the text and do what it asks for; the call's tenant is the one it was written to."""
        wish, assessment = wish_of(incoming.text), assess(incoming.text)
        posted: list[Message | None] = []
        heard: list[Heard] = []

        def change(tx: Tx) -> InboundEntry | None:
            posted.clear()
            heard.clear()
            entry = self._entry(tx, incoming)
            if self._book.find(tx, entry.id) is not None:
                return None
            entry.recognize(self._directory.owners(tx, entry.sender_key))
            # The words of the rules of texting are no answers, to whatever page.
            if entry.staff_ids and wish is None:
                staff = StaffText(entry.id, entry.staff_ids, incoming.text)
                heard.append(self._page_answers.by_text(tx, staff))
            reply = heard[0].reply if heard else None
            entry.is_page_answer = reply is TextReply.RECORDED
            entry.weigh(assessment, wish, lambda patient_id: derived_id(entry.id, patient_id))
            if entry.severity is None and not _is_settled(entry, incoming.text, heard):
                entry.ask_review(lambda patient_id: derived_id(entry.id, "review", patient_id))
            if entry.is_answerable:
                language = _language(incoming.text, wish, assessment)
                posted.append(self._answer(tx, entry, wish, language, reply))
            return self._book.insert(tx, entry)

        if (entry := self._store.transact(call, change)) is not None:
            _count(entry)
            unassessed.inc(assessment.is_unassessed)
            count_accepted(*posted)
            for each in heard:
                self._page_answers.count(each)

    def _entry(self, tx: Tx, incoming: InboundText) -> InboundEntry:
        tenant_id, key = tx.call.tenant_id, self._directory.key(tx)
        number = address_key(key, Channel.SMS, incoming.sender)
        return InboundEntry(
            id=derived_id(tenant_id, "inbound", incoming.provider, incoming.provider_message_id),
            provider=incoming.provider,
            # Short codes and names are no numbers: nobody is reached there, and nobody is answered.
            sender_key=number or keyed(key, "sender", incoming.sender),
            receive_time=tx.now,
            sender_ciphertext=self._cipher.encrypt(tenant_id, incoming.sender),
            text_ciphertext=self._cipher.encrypt(tenant_id, incoming.text),
            is_answerable=bool(number),
        )

    def _answer(
        self,
        tx: Tx,
        entry: InboundEntry,
        wish: Wish | None,
        language: Language,
        reply: TextReply | None,
    ) -> Message | None:
        """Do what is asked for, and say the one thing that may be said to it."""
        word = wish.word if wish else None
        if word is Word.STOP:
            is_new = self._say(tx, entry, is_stopped=True)
            return self._answering.stopped(tx, entry, language) if is_new else None
        if word is Word.START:
            is_new = self._say(tx, entry, is_stopped=False)
            return self._answering.resumed(tx, entry, language) if is_new else None
        if word is Word.HELP:
            return self._answering.help(tx, entry, language)
        if self._wishes.is_stopped(tx, entry.sender_key):
            return None
        if entry.severity is None and entry.is_known:
            # A patient's number that is also of somebody on the staff is told nothing new.
            is_told = reply is TextReply.RECORDED or not entry.patient_ids
            return self._answering.staff(tx, entry, reply, language) if reply and is_told else None
        return self._answering.support(tx, entry, language)

    def _say(self, tx: Tx, entry: InboundEntry, *, is_stopped: bool) -> bool:
        """The number's last word from now on; True where it was another one before."""
        is_new = self._wishes.keep_stop(tx, entry.sender_key, is_stopped=is_stopped, origin="text")
        for owner in () if is_stopped else self._directory.owners(tx, entry.sender_key):
            preferences = self._wishes.preferences(tx, owner)
            if Channel.SMS in preferences.stopped:  # what they told somebody, they take back too
                preferences.resume(Channel.SMS)
                self._wishes.keep_preferences(tx, preferences)
                is_new = True
        return is_new


def _is_settled(entry: InboundEntry, text: str, heard: Iterable[Heard]) -> bool:
    """Somebody or something has understood it: nobody has to read it.

    So has staff who answer a page too late, or unclearly: they are told what to reply, and the page
    climbs. From a number that is also a patient's that is not enough.
    """
    if entry.is_page_answer or is_understood(text):
        return True
    is_late = any(each.answer or each.reply is TextReply.UNCLEAR for each in heard)
    return is_late and not entry.patient_ids


def _language(text: str, wish: Wish | None, assessment: Assessment) -> Language:
    """The language of the text alone: what is known of its sender must not show."""
    if wish is not None:
        return wish.language
    if is_spanish(text):
        return Language.SPANISH
    return LANGUAGES.get(assessment.language, Language.ENGLISH)


def _count(entry: InboundEntry) -> None:
    texts.labels(entry.sender_kind, entry.wish or NO_WISH).inc()
    if entry.severity is not None:
        risks.labels(entry.sender_kind, entry.severity.name.lower()).inc()
    if entry.is_review_requested:
        reviews.labels(entry.sender_kind).inc()
