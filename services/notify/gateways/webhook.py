"""Messages to a partner's app by HTTPS, signed as Standard Webhooks say.

https://github.com/standard-webhooks/standard-webhooks: `webhook-id` is the message's id, the same
for every attempt, and the body is the same bytes; whoever receives it twice knows it by the id.

The URL is a partner's and may point anywhere: the name is asked for once, every address of it must
be public, and the connection goes to the address that was checked. No redirect is followed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from services.notify.gateways.calling import Answer, Caller, Place, deadline
from services.notify.gateways.resolving import Address, is_public, resolve
from services.notify.ports import Dispatch, Receipt

SEND_SECONDS = 5.0
PREFIX = "whsec_"
KEY_BYTES = range(24, 65)  # the specification's bounds
GONE = 410  # "the receiver no longer wants webhooks at this URL"


class WebhookProvider:
    """A Provider of webhooks. Safe to share between threads."""

    def __init__(  # what a deployment decides
        self,
        name: str,
        keys: Mapping[str, Sequence[bytes]],
        caller: Caller,
        *,
        is_local: bool,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with a tenant's `keys`: with all of them while one replaces another.

        `is_local` lets messages go to this machine, in plaintext too, and nowhere else that is
        not public.
        """
        self.name = name
        self._keys = keys
        self._caller, self._is_local, self._wall_clock = caller, is_local, wall_clock

    def send(self, dispatch: Dispatch, seconds: float = SEND_SECONDS) -> Receipt:
        """Return once the receiver answered 2xx, within that time."""
        until = deadline(seconds)
        keys = self._keys.get(dispatch.tenant_id)
        if not keys:
            raise FailedPrecondition("WEBHOOK_SECRET_MISSING", "the tenant has no signing secret")
        place = _place(dispatch.address)
        addresses = self._allowed(place, until)
        body = payload(dispatch)
        headers = {
            "Content-Type": "application/json",
            **signature_headers(dispatch.message_id, int(self._wall_clock()), body, keys),
        }
        answer = self._caller.post(place, headers, body, until=until, addresses=addresses)
        if not answer.is_success:
            raise _refusal(answer)
        return Receipt(self.name)

    def _allowed(self, place: Place, until: float) -> Sequence[Address]:
        try:
            addresses = resolve(place.host, until)
        except OSError:
            text = "the receiver's name is not known"
            raise Unavailable("PROVIDER_UNREACHABLE", text) from None
        if self._is_local and all(address.is_loopback for address in addresses):
            return addresses
        if place.scheme != "https" or not all(map(is_public, addresses)):
            raise _refused("webhooks go to public addresses by https only")
        return addresses


def payload(dispatch: Dispatch) -> bytes:
    """The body: the same for every attempt, hence without a time."""
    data = {
        "message_id": dispatch.message_id,
        "subject": dispatch.subject,
        "body": dispatch.body,
        "is_answerable": dispatch.is_answerable,
    }
    document = {"type": "message.sent", "data": data}
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def signing_key(secret: str) -> bytes:
    """The key inside of `whsec_<base64>`; ValueError, without the secret, where it is not one."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError("a signing secret is whsec_ and base64") from None
    if len(key) not in KEY_BYTES:
        raise ValueError("a signing secret has 24 to 64 bytes")
    return key


def signature_headers(
    message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]
) -> Mapping[str, str]:
    """The three headers of the specification; one signature per key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests),
    }


def _place(url: str) -> Place:
    try:
        return Place.of(url)
    except ValueError:
        raise FailedPrecondition("CONTACT_POINT_INVALID", "not one URL") from None


def _refused(text: str) -> HavenError:
    return FailedPrecondition("ADDRESS_REFUSED", text)


def _refusal(answer: Answer) -> HavenError:
    """The specification lets a sender try again after everything but 410; a redirect, which is
    refused here, would only be answered again."""
    if answer.status == GONE:
        return FailedPrecondition("ADDRESS_GONE", "the receiver wants no more webhooks")
    if answer.status // 100 == 3:
        return _refused("the receiver redirects")
    return Unavailable("PROVIDER_BUSY", "the receiver did not take the message")
