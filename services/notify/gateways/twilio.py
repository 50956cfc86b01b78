"""Texts and calls over a REST API of Twilio's form.

The receipt is the message's or the call's Sid. Each callback URL names tenant and message, and the
signature covers the URL: a report that comes before the receipt is stored still finds its message.

Twilio documents no idempotency key for these two resources. The key is sent all the same, for
compatible providers that honour one; elsewhere a message whose answer was lost may come twice.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from chassis.settings import Secret
from services.notify.domain.wording import Language
from services.notify.gateways import twiml
from services.notify.gateways.calling import Answer, Caller, Place, deadline, garbled
from services.notify.gateways.numbers import checked_number
from services.notify.ports import Dispatch, Receipt

SEND_SECONDS = 5.0
VERSION = "2010-04-01"
MESSAGING_SERVICE = "MG"  # a sender of this prefix is a service that chooses the number
RING_SECONDS = 30  # [D] then the next way is tried
# Too early, too many, too slow; as every 5xx they pass.
BUSY = frozenset({408, 425, 429})
# What is wrong with the recipient, by the code of a refusal or of a later report
# (https://www.twilio.com/docs/api/errors). All other codes are about the account or the sender.
REASONS: Mapping[int, str] = MappingProxyType(
    {
        21211: "ADDRESS_REFUSED",  # not a valid number
        21214: "ADDRESS_REFUSED",  # cannot be reached
        21217: "ADDRESS_REFUSED",  # does not seem to be valid
        21610: "STOPPED",  # has sent STOP to this sender
        21614: "ADDRESS_REFUSED",  # not a mobile number
        21635: "ADDRESS_REFUSED",  # a landline
        30005: "ADDRESS_REFUSED",  # unknown, or no longer in use
        30006: "ADDRESS_REFUSED",  # a landline, or out of this carrier's reach
    }
)
TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "ADDRESS_REFUSED": "the number cannot receive this",
        "STOPPED": "the number has opted out",
        "PROVIDER_REFUSED": "the provider refused the message for good",
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """Where, as whom and from which number."""

    name: str
    place: Place
    account: str
    token: Secret
    # What the provider reaches this deployment's callbacks by, without a final slash.
    callback_url: str
    sender: str
    # Tenants with a number of their own.
    senders: Mapping[str, str]

    def sender_of(self, tenant_id: str) -> str:
        """The number (or messaging service) that speaks for the tenant."""
        return self.senders.get(tenant_id, self.sender)

    def callback(self, kind: str, dispatch: Dispatch) -> str:
        """Where reports of that kind about the message go: <callback_url>/<name>/<kind>?..."""
        names = {"tenant_id": dispatch.tenant_id, "message_id": dispatch.message_id}
        # The answer to what was pressed is spoken in the language of the call.
        spoken = {"language": dispatch.language.value} if kind == "digits" else {}
        query = urlencode({**names, **spoken})
        return f"{self.callback_url}/{self.name}/{kind}?{query}"


class TwilioTexts:
    """A Provider of texts. Safe to share between threads."""

    def __init__(self, account: Account, caller: Caller) -> None:
        self._account, self._resource = account, _Resource("Messages", account, caller)
        self.name = account.name

    def send(self, dispatch: Dispatch, seconds: float = SEND_SECONDS) -> Receipt:
        """Return once the provider has queued the text, within that time."""
        sender = self._account.sender_of(dispatch.tenant_id)
        speaks_as = "MessagingServiceSid" if sender.startswith(MESSAGING_SERVICE) else "From"
        body = dispatch.body.rstrip()
        return self._resource.create(
            {
                "To": checked_number(dispatch.address),
                speaks_as: sender,
                "Body": _with_reply(body, dispatch.language) if dispatch.is_answerable else body,
            },
            dispatch,
            seconds,
        )


class TwilioCalls:
    """A Provider of calls. Safe to share between threads."""

    def __init__(self, account: Account, caller: Caller) -> None:
        self._account, self._resource = account, _Resource("Calls", account, caller)
        self.name = account.name

    def send(self, dispatch: Dispatch, seconds: float = SEND_SECONDS) -> Receipt:
        """Return once the provider has queued the call, within that time."""
        if dispatch.is_answerable:
            digits_url = self._account.callback("digits", dispatch)
            script = twiml.page(dispatch.body, digits_url=digits_url, language=dispatch.language)
        else:
            script = twiml.call(dispatch.body, dispatch.language)
        return self._resource.create(
            {
                "To": checked_number(dispatch.address),
                "From": self._account.sender_of(dispatch.tenant_id),
                "Twiml": script,
                "Timeout": str(RING_SECONDS),
            },
            dispatch,
            seconds,
        )


class _Resource:
    """What is created at the provider: messages or calls."""

    def __init__(self, resource: str, account: Account, caller: Caller) -> None:
        self._account, self._caller = account, caller
        path = f"/{VERSION}/Accounts/{account.account}/{resource}.json"
        self._place = account.place.under(path)

    def create(self, fields: Mapping[str, str], dispatch: Dispatch, seconds: float) -> Receipt:
        """One more of it; the receipt names it."""
        credentials = f"{self._account.account}:{self._account.token.reveal()}".encode()
        headers = {
            "Authorization": f"Basic {b64encode(credentials).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Idempotency-Key": dispatch.message_id,
        }
        form = {**fields, "StatusCallback": self._account.callback("status", dispatch)}
        body = urlencode(form).encode()
        answer = self._caller.post(self._place, headers, body, until=deadline(seconds))
        if not answer.is_success:
            raise _refusal(answer)
        sid = answer.document().get("sid")
        if not isinstance(sid, str) or not sid:
            raise garbled()
        return Receipt(self._account.name, sid)


def _with_reply(body: str, language: Language) -> str:
    return f"{body}\n{twiml.REPLY[language]}"


def _refusal(answer: Answer) -> HavenError:
    if answer.status in BUSY or answer.status // 100 == 5:
        return Unavailable("PROVIDER_BUSY", "the provider refused the message for now")
    # A refusal without the API's own code came from something in between: nothing is known.
    code: Any = answer.document().get("code")
    if answer.status // 100 != 4 or not isinstance(code, int):
        return garbled()
    reason = REASONS.get(code, "PROVIDER_REFUSED")
    return FailedPrecondition(reason, TEXTS[reason])
