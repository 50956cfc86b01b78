"""What a provider of Twilio's form calls back with: whether it is genuine, and what it says.

Pure: the edge gives the URL as the provider was told it, and the form's fields.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from chassis.errors import InvalidArgument, Violation
from services.notify.domain.address import is_number
from services.notify.gateways.twilio import REASONS
from services.notify.ports.callbacks import Digits, ReceivedText

SIGNATURE_HEADER = "X-Twilio-Signature"
CODE = re.compile(r"[0-9]{1,6}")
Params = Mapping[str, str]


class ReportState(StrEnum):
    """How far a message has come."""

    # Neither here nor lost: nothing to decide yet.
    UNDERWAY = "underway"
    # On the device; of a call: it was picked up, by a person or a machine.
    DELIVERED = "delivered"
    FAILED = "failed"


STATES: Mapping[str, ReportState] = MappingProxyType(
    {
        # https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
        "accepted": ReportState.UNDERWAY,
        "scheduled": ReportState.UNDERWAY,
        "queued": ReportState.UNDERWAY,
        "sending": ReportState.UNDERWAY,
        "sent": ReportState.UNDERWAY,
        "delivered": ReportState.DELIVERED,
        "read": ReportState.DELIVERED,
        "undelivered": ReportState.FAILED,
        "failed": ReportState.FAILED,
        "canceled": ReportState.FAILED,
        # https://www.twilio.com/docs/voice/api/call-resource#call-status-values
        "initiated": ReportState.UNDERWAY,
        "ringing": ReportState.UNDERWAY,
        "in-progress": ReportState.UNDERWAY,
        "completed": ReportState.DELIVERED,
        "busy": ReportState.FAILED,
        "no-answer": ReportState.FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of what a receipt named."""

    reference: str
    state: ReportState
    # Why it failed, where that is about the recipient: ADDRESS_REFUSED or STOPPED; else empty.
    reason: str = ""


def verify(url: str, params: Params, signature: str, secret: str) -> bool:
    """True where the holder of the secret signed exactly this URL with exactly these fields.

    https://www.twilio.com/docs/usage/security: HMAC-SHA1 over the URL and the sorted fields.
    """
    signed = url + "".join(name + params[name] for name in sorted(params))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(b64encode(digest), signature.encode())


def status_report(params: Params) -> StatusReport:
    """The report about a text or a call; InvalidArgument names the fields at fault."""
    form = _Form(params)
    kind = "Call" if "CallSid" in params else "Message"
    reference = form.text(f"{kind}Sid")
    state = form.state(f"{kind}Status")
    form.check()
    code = params.get("ErrorCode", "")
    reason = REASONS.get(int(code), "") if CODE.fullmatch(code) else ""
    return StatusReport(reference, state, reason if state is ReportState.FAILED else "")


def digits(params: Params) -> Digits:
    """What was pressed; InvalidArgument names the fields at fault."""
    form = _Form(params)
    found = Digits(form.text("CallSid"), form.keys("Digits"))
    form.check()
    return found


def inbound_text(params: Params) -> ReceivedText:
    """The text; InvalidArgument names the fields at fault.

    A sender that is no full number is kept as it came: a short code or an alphanumeric sender can
    write, too, and what it wrote may be a call for help.
    """
    form = _Form(params)
    found = ReceivedText(
        from_number=form.text("From"),
        to_number=form.number("To"),
        body=form.text("Body", may_be_empty=True),
        reference=form.text("MessageSid"),
    )
    form.check()
    return found


class _Form:
    """Reads fields and remembers what was wrong with them."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._violations: list[Violation] = []

    def text(self, name: str, *, may_be_empty: bool = False) -> str:
        value = self._params.get(name)
        if value is None or not (value or may_be_empty):
            self._refuse(name, "REQUIRED", "must be given")
        return value or ""

    def number(self, name: str) -> str:
        value = self.text(name)
        if value and not is_number(value):
            self._refuse(name, "NUMBER_INVALID", "must be one telephone number")
        return value

    def keys(self, name: str) -> str:
        value = self.text(name)
        if not set(value) <= set("0123456789*#"):
            self._refuse(name, "DIGITS_INVALID", "must be keys of a telephone")
        return value

    def state(self, name: str) -> ReportState:
        value = self.text(name)
        if value and value not in STATES:
            self._refuse(name, "STATE_UNKNOWN", "must be a known state")
        return STATES.get(value, ReportState.UNDERWAY)

    def check(self) -> None:
        """InvalidArgument where anything was wrong."""
        if self._violations:
            text = "the callback is not understood"
            raise InvalidArgument("CALLBACK_INVALID", text, violations=self._violations)

    def _refuse(self, field_name: str, reason: str, description: str) -> None:
        self._violations.append(Violation(field_name, reason, description))
