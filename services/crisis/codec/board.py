"""The live board's frames, and the cursors that go with them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from haven.crisis.v1 import board_pb2

from chassis.errors import FailedPrecondition
from chassis.store import Document
from chassis.store.feed import Place
from services.crisis.codec.answers import case_message
from services.crisis.codec.documents import case_from
from services.crisis.domain.case import Case

FORM = 1

Frame = board_pb2.WatchCasesResponse


class Goodbye(StrEnum):
    """Why a stream ends that could go on elsewhere."""

    RESUME = "resume"
    RESUME_ELSEWHERE = "resume_elsewhere"
    NEW_SNAPSHOT = "new_snapshot"


GOODBYES = {each: board_pb2.GoodbyeReason.Value(f"GOODBYE_REASON_{each.name}") for each in Goodbye}


class Cursors:
    """A tenant's places as opaque texts; one of another tenant or deployment does not open."""

    def __init__(self, deployment: str, tenant_id: str) -> None:
        self._owner = f"{deployment}/{tenant_id}"

    def text(self, place: Place) -> str:
        """The cursor that goes on after this place."""
        content = json.dumps([FORM, *place, self._digest(place)], separators=(",", ":"))
        return base64.urlsafe_b64encode(content.encode()).decode()

    def place(self, text: str) -> Place:
        """Where the cursor goes on; FailedPrecondition("CURSOR_FOREIGN") for any other text."""
        try:
            form, *numbers, digest = json.loads(base64.urlsafe_b64decode(text.encode()))
            place = Place(*map(int, numbers))
        except (ValueError, TypeError, binascii.Error, OverflowError) as error:
            raise _foreign() from error
        if form != FORM or digest != self._digest(place):
            raise _foreign()
        return place

    def _digest(self, place: Place) -> str:
        content = f"{FORM}/{self._owner}/{'/'.join(map(str, place))}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def board_case(case: Case) -> board_pb2.BoardCase:
    """One case as it was committed."""
    return board_pb2.BoardCase(case=case_message(case), case_version=case.version)


def board_case_from(document: Document) -> board_pb2.BoardCase:
    """The same, from what a feed tells."""
    return board_case(case_from(document))


def snapshot(cases: Sequence[Case], cursor: str, *, is_complete: bool) -> Frame:
    """A part of the unresolved cases."""
    part = board_pb2.BoardSnapshot(cases=map(board_case, cases), is_complete=is_complete)
    return Frame(cursor=cursor, snapshot=part)


def change(case: board_pb2.BoardCase, cursor: str) -> Frame:
    """A case changed."""
    return Frame(cursor=cursor, change=case)


def heartbeat(period_seconds: float, cursor: str) -> Frame:
    """Nothing changed."""
    frame = Frame(cursor=cursor, heartbeat=board_pb2.BoardHeartbeat())
    frame.heartbeat.period_duration.FromTimedelta(timedelta(seconds=period_seconds))
    return frame


def goodbye(reason: Goodbye) -> Frame:
    """The last frame."""
    return Frame(goodbye=board_pb2.BoardGoodbye(reason=GOODBYES[reason]))


def _foreign() -> FailedPrecondition:
    text = "not a cursor of this tenant; begin without one"
    return FailedPrecondition("CURSOR_FOREIGN", text)
