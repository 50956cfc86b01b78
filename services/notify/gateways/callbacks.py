"""Callbacks of a provider of Twilio's form behind the port of all callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chassis.settings import Secret
from services.notify.domain.attempt import Receipt
from services.notify.domain.wording import Language
from services.notify.gateways import twilio_callbacks, twiml
from services.notify.gateways.twilio_callbacks import ReportState
from services.notify.ports.callbacks import Digits, ReceivedText, StatusReport

RECEIPTS: Mapping[ReportState, Receipt] = MappingProxyType(
    {
        ReportState.UNDERWAY: Receipt.NONE,
        ReportState.DELIVERED: Receipt.DELIVERED,
        ReportState.FAILED: Receipt.UNDELIVERED,
    }
)


class TwilioCallbacks:
    """What one account calls back with."""

    def __init__(self, url: str, secret: Secret) -> None:
        self.url = url
        self._secret = secret

    def is_genuine(self, url: str, params: Mapping[str, str], signature: str) -> bool:
        """True where the account's secret signed exactly this."""
        return twilio_callbacks.verify(url, params, signature, self._secret.reveal())

    def status(self, params: Mapping[str, str]) -> StatusReport:
        """A report about a text or a call."""
        report = twilio_callbacks.status_report(params)
        return StatusReport(report.reference, RECEIPTS[report.state])

    def digits(self, params: Mapping[str, str]) -> Digits:
        """What was pressed in a call."""
        return twilio_callbacks.digits(params)

    def text(self, params: Mapping[str, str]) -> ReceivedText:
        """A text that came in."""
        return twilio_callbacks.inbound_text(params)

    def recorded(self, language: Language) -> str:
        """Ends a call with thanks for the answer."""
        return twiml.recorded(language)

    def asked_again(self, language: Language) -> str:
        """Says what the keys mean, and listens once more."""
        return twiml.asked_again(language)

    def nothing(self) -> str:
        """Says nothing to a text."""
        return twiml.nothing()
