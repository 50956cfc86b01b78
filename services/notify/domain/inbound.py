"""Texts that people write to a tenant's number: who it may have been, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from clinical.risk import Assessment, Severity
from services.notify.domain.address import Owner
from services.notify.domain.events import InboundReviewRequested, InboundRiskRaised
from services.notify.domain.optout import Wish, Word, is_keyword
from services.notify.domain.verification import DIGITS

# The key of one risk, or of one review, by the patient whom it may concern.
IdOf = Callable[[str], str]
CODE = re.compile(rf"\s*\d{{{DIGITS}}}\s*")


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text as a provider handed it over; its id is the provider's own and comes again with it."""

    provider: str
    provider_message_id: str
    sender: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffText:
    """A text from a number of somebody on the staff: it may answer a page."""

    inbound_id: str
    staff_ids: tuple[str, ...]
    text: str = field(repr=False)


@dataclass(slots=True)
class InboundEntry:
    """What is kept of a text. Its words rest only as ciphertext."""

    id: str
    provider: str
    sender_key: str
    receive_time: datetime
    sender_ciphertext: bytes = field(repr=False)
    text_ciphertext: bytes = field(repr=False)
    # Everybody who is reached at the sender's number.
    patient_ids: tuple[str, ...] = ()
    staff_ids: tuple[str, ...] = ()
    # optout.Word, or empty.
    wish: str = ""
    severity: Severity | None = None
    # Codes of risk rules.
    findings: tuple[str, ...] = ()
    is_page_answer: bool = False
    # No rule says what it means: a human reads it.
    is_review_requested: bool = False
    # False for senders that are no telephone numbers.
    is_answerable: bool = True
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """Whose record it is; empty where nobody or several people can have written it."""
        return self.patient_ids[0] if len(self.patient_ids) == 1 else ""

    @property
    def is_known(self) -> bool:
        """True where the tenant knows somebody at the number."""
        return bool(self.patient_ids or self.staff_ids)

    @property
    def sender_kind(self) -> str:
        """patient, staff or unknown."""
        if self.patient_ids:
            return "patient"
        return "staff" if self.staff_ids else "unknown"

    def recognize(self, owners: Iterable[Owner]) -> None:
        """These people are reached at the sender's number."""
        owners = list(owners)
        self.patient_ids = tuple(each.id for each in owners if each.is_patient)
        self.staff_ids = tuple(each.id for each in owners if not each.is_patient)

    def weigh(self, assessment: Assessment, wish: Wish | None, risk_id_of: IdOf) -> None:
        """Raise what the text gives reason for, for everybody who may have written it.

        A bare HELP, and letters that no rule can read, are a reason to look after a patient; from a
        number that nobody knows they are not (it is told where help is).
        """
        self.wish = wish.word.value if wish else ""
        self.findings, self.severity = assessment.findings, assessment.severity
        if wish is not None and wish.word is Word.HELP and self.severity is None:
            self.findings, self.severity = ("help-word",), Severity.LOW
        is_weak = self.findings in {("help-word",), ("unread",)}
        if self.is_page_answer or self.severity is None or (is_weak and not self.patient_ids):
            self.severity = None
            return
        for patient_id in self.patient_ids or ("",):
            self.events.append(
                InboundRiskRaised(
                    inbound_risk_id=risk_id_of(patient_id),
                    inbound_id=self.id,
                    patient_id=patient_id,
                    severity=self.severity,
                    sender_key=self.sender_key,
                    sender_ciphertext=self.sender_ciphertext,
                    receive_time=self.receive_time,
                )
            )

    def ask_review(self, review_id_of: IdOf) -> None:
        """Somebody must read it: what is not understood may be the worst (clinical.md 5.1)."""
        self.is_review_requested = True
        for patient_id in self.patient_ids or ("",):
            self.events.append(
                InboundReviewRequested(
                    inbound_review_id=review_id_of(patient_id),
                    inbound_id=self.id,
                    patient_id=patient_id,
                    sender_key=self.sender_key,
                    sender_ciphertext=self.sender_ciphertext,
                    receive_time=self.receive_time,
                )
            )


@dataclass(frozen=True, slots=True)
class OpenText:
    """A text whose words somebody may read now."""

    entry: InboundEntry
    words: str = field(repr=False)


def is_understood(text: str) -> bool:
    """The whole text is a word of the rules of texting, or a code: nobody has to read it.

    A stop in other words is acted upon and read all the same: why a patient wants no more of us
    may matter, and a sentence can say more than one thing.
    """
    return is_keyword(text) or bool(CODE.fullmatch(text))
