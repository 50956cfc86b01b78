"""Callbacks of a provider of Twilio's form behind the port of all callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chassis.settings import Secret
from services.notify.domain.attempt import Receipt
from services.notify.gateways import twilio_callbacks
from services.notify.gateways.twilio_callbacks import ReportState
from services.notify.ports import Digits, InboundText, StatusReport

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
        pressed = twilio_callbacks.digits(params)
        return Digits(pressed.reference, pressed.digits)

    def text(self, params: Mapping[str, str]) -> InboundText:
        """A text that came in."""
        text = twilio_callbacks.inbound_text(params)
        return InboundText(text.from_number, text.to_number, text.body, text.reference)
