"""Push notifications by Firebase Cloud Messaging, HTTP v1.

A notification shows the neutral subject and text and carries no data: it lies on lock screens and
on the servers of two companies. The same message sent twice replaces itself on the device.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from services.notify.gateways.calling import VISIBLE, Answer, Caller, Place, deadline, garbled
from services.notify.gateways.google_token import AccessTokens
from services.notify.ports import Dispatch, Receipt

SEND_SECONDS = 5.0
UNAUTHENTICATED = 401
BUSY = frozenset({408, 425, 429})
LONGEST_COLLAPSE_ID = 64  # bytes, Apple's
# https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
REFUSALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "UNREGISTERED": ("ADDRESS_GONE", "the app was removed from the device"),
        "SENDER_ID_MISMATCH": ("ADDRESS_REFUSED", "the device belongs to another app"),
        "INVALID_ARGUMENT": ("PROVIDER_REFUSED", "the provider refused the message for good"),
        "THIRD_PARTY_AUTH_ERROR": ("PROVIDER_REFUSED", "the provider is not set up for the device"),
    }
)
TOKEN_FIELD = "message.token"  # noqa: S105  # a field's path


class FcmPush:
    """A Provider of push notifications. Safe to share between threads."""

    def __init__(
        self, name: str, place: Place, project_id: str, tokens: AccessTokens, caller: Caller
    ) -> None:
        self.name = name
        self._place = place.under(f"/v1/projects/{project_id}/messages:send")
        self._tokens, self._caller = tokens, caller

    def send(self, dispatch: Dispatch, seconds: float = SEND_SECONDS) -> Receipt:
        """Return once the provider has the notification, within that time.

        FailedPrecondition ADDRESS_GONE: the device's token should be forgotten.
        """
        if not VISIBLE.fullmatch(dispatch.address):
            raise FailedPrecondition("CONTACT_POINT_INVALID", "not one device's token")
        until = deadline(seconds)
        answer = self._posted(dispatch, until)
        if answer.status == UNAUTHENTICATED and _code(answer) != "THIRD_PARTY_AUTH_ERROR":
            answer = self._posted(dispatch, until)  # once more, with a token of this moment
        if not answer.is_success:
            raise _refusal(answer)
        name = answer.document().get("name")
        if not isinstance(name, str) or not name:
            raise garbled()
        return Receipt(self.name, name)

    def _posted(self, dispatch: Dispatch, until: float) -> Answer:
        token = self._tokens.current(until)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps({"message": notification(dispatch)}).encode()
        answer = self._caller.post(self._place, headers, body, until=until)
        if answer.status == UNAUTHENTICATED:
            self._tokens.forget(token)
        return answer


def notification(dispatch: Dispatch) -> Mapping[str, Any]:
    """The message as FCM wants it; a page wakes a sleeping device."""
    page = dispatch.is_answerable
    return {
        "token": dispatch.address,
        "notification": {"title": dispatch.subject, "body": dispatch.body},
        "android": {
            "priority": "HIGH" if page else "NORMAL",
            "notification": {"tag": dispatch.message_id},
        },
        "apns": {
            "headers": {
                "apns-priority": "10" if page else "5",
                "apns-collapse-id": dispatch.message_id[:LONGEST_COLLAPSE_ID],
            }
        },
        "webpush": {"headers": {"Urgency": "high" if page else "normal"}},
    }


def _refusal(answer: Answer) -> HavenError:
    if answer.status in BUSY or answer.status // 100 == 5:
        return Unavailable("PROVIDER_BUSY", "the provider refused the message for now")
    # A refusal without the API's own code came from something in between: nothing is known.
    code = _code(answer)
    if answer.status // 100 != 4 or not code:
        return garbled()
    if code == "INVALID_ARGUMENT" and TOKEN_FIELD in _fields_at_fault(answer):
        return FailedPrecondition("ADDRESS_REFUSED", "not a device's token")
    text = "the provider refused the message for good"
    return FailedPrecondition(*REFUSALS.get(code, ("PROVIDER_REFUSED", text)))


def _code(answer: Answer) -> str:
    """FCM's own code where there is one, else the status' name; empty where there is neither."""
    for detail in _details(answer):
        if isinstance(code := detail.get("errorCode"), str):
            return code
    status = _error(answer).get("status")
    return status if isinstance(status, str) else ""


def _fields_at_fault(answer: Answer) -> frozenset[str]:
    return frozenset(
        str(violation.get("field"))
        for detail in _details(answer)
        for violation in _objects(detail.get("fieldViolations"))
    )


def _details(answer: Answer) -> Iterator[Mapping[str, Any]]:
    return _objects(_error(answer).get("details"))


def _error(answer: Answer) -> Mapping[str, Any]:
    error = answer.document().get("error")
    return error if isinstance(error, dict) else {}


def _objects(found: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, dict))
