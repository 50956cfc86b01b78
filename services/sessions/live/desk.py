"""Where safety signals are taken, from any stream and any request, ahead of everything else.

The person who presses is answered in about a second, whatever the database does: with what is
stored, or with the plain truth that nobody has it yet and whom to call. Storing goes on in the
meantime, within a bound, on threads that no other work uses.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from prometheus_client import Counter

from chassis.call import Call
from chassis.deadline import Deadline
from chassis.errors import HavenError, Internal, is_retryable
from chassis.log import failure, get_logger
from chassis.store import Attempt
from services.sessions.domain.commands import RaiseSignal
from services.sessions.domain.signal import SafetySignal
from services.sessions.domain.views import SignalView
from services.sessions.handlers.signals import Signals, alarm_of
from services.sessions.live.hub import Hub
from services.sessions.ports import Policies

ATTEMPT_SECONDS = 5.0
CLOSING_SECONDS = 10.0  # a process that goes down gives unstored signals this long
AUDIT_ACTION = "safety-signal.raise"  # as a frame of a stream and as a request
TOGETHER = 8  # as many as a transaction holds well within its life (chassis/store/group.py)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
OUTCOMES = STORED, DELAYED, REFUSED, LOST = ("stored", "delayed", "refused", "lost")

log = get_logger(__name__)
taken = Counter(
    "haven_sessions_safety_signals",
    "Safety signals taken: stored; delayed (the person was told that nobody has it yet); refused; "
    "lost (never stored within the bound: must be 0).",
    ["outcome"],
)
for _outcome in OUTCOMES:
    taken.labels(_outcome)


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody who waits to be stored."""

    call: Call
    command: RaiseSignal
    context: contextvars.Context  # its trace
    future: Future[SignalView] = field(default_factory=Future)


class SignalDesk:
    """One per api process."""

    def __init__(self, signals: Signals, policies: Policies, hub: Hub, *, threads: int) -> None:
        self._signals, self._policies, self._hub = signals, policies, hub
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="signal")
        self._waiting: deque[Press] = deque()
        self._storing: dict[tuple[str, str], asyncio.Task[SignalView]] = {}
        self._unstored: dict[tuple[str, str], SignalView] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """At the end, signals that are still being stored get their time."""
        try:
            yield
        finally:
            if self._storing:
                await asyncio.wait(self._storing.values(), timeout=CLOSING_SECONDS)
            for storing in self._storing.values():
                storing.cancel()
            self._executor.shutdown(wait=False)

    async def raise_signal(self, call: Call, command: RaiseSignal) -> SignalView:
        """What the person may rely on, at once. Raises only what a person must mend."""
        signal_id = alarm_of(call, command).signal_id
        key = (call.tenant_id, signal_id)
        if (storing := self._storing.get(key)) is None:
            storing = self._storing[key] = asyncio.create_task(self._store(call, command))
            storing.add_done_callback(lambda done: self._settled(key, done))
        try:
            async with asyncio.timeout(self._policies(call.tenant_id).signal_answer_seconds):
                return await asyncio.shield(storing)
        except TimeoutError:
            return self._tell_unstored(key, call, command)

    def unstored(self, call: Call, signal_id: str) -> SignalView | None:
        """The caller's own signal that is still being stored here."""
        view = self._unstored.get((call.tenant_id, signal_id))
        is_own = view is not None and view.signal.alarm.raised_by == call.actor.subject
        return view if is_own else None

    def _tell_unstored(self, key: tuple[str, str], call: Call, command: RaiseSignal) -> SignalView:
        if (known := self._unstored.get(key)) is not None:
            return known
        taken.labels(DELAYED).inc()
        # This process's own clock: the database's may be out of reach, and this only shows.
        signal = SafetySignal(alarm_of(call, command), datetime.now(UTC))
        number = self._policies(call.tenant_id).call_number
        view = SignalView(signal, number, is_stored=False)
        self._unstored[key] = view
        self._hub.whisper(call.tenant_id, signal)
        return view

    async def _store(self, call: Call, command: RaiseSignal) -> SignalView:
        until = time.monotonic() + self._policies(call.tenant_id).signal_retry_seconds
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._attempt(call, command)
            except Exception as error:  # of whatever kind: nobody's call ends with a fault of ours
                if _is_to_be_mended(error):
                    raise
                if time.monotonic() > until:
                    raise _as_ours(error) from error
                log.warning("signal.not-stored-yet", **failure(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _attempt(self, call: Call, command: RaiseSignal) -> SignalView:
        press = Press(call, command, contextvars.copy_context())
        self._waiting.append(press)
        self._executor.submit(self._take)
        return await asyncio.wrap_future(press.future)

    def _take(self) -> None:
        """On a thread, once for every press: those that wait now, nobody where another has them."""
        presses: list[Press] = []
        with suppress(IndexError):
            while len(presses) < TOGETHER:
                presses.append(self._waiting.popleft())
        wanted = [each for each in presses if each.future.set_running_or_notify_cancel()]
        tried = [(each, self._prepared(each)) for each in wanted]
        ready = [(each, attempt) for each, attempt in tried if attempt is not None]
        try:
            outcomes = self._signals.raise_all([attempt for _, attempt in ready])
        except BaseException as error:  # whatever it is, they are tried again, or told of it
            for each, _ in ready:
                each.future.set_exception(error)
            return
        for (each, _), outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, Exception):
                each.future.set_exception(outcome)
            else:
                each.future.set_result(outcome)

    def _prepared(self, press: Press) -> Attempt[SignalView] | None:
        try:
            return press.context.run(self._prepare, press)
        except Exception as error:  # whatever it is, it is this press's alone
            press.future.set_exception(error)
            return None

    def _prepare(self, press: Press) -> Attempt[SignalView]:
        """An attempt's time begins here, however many waited before."""
        deadline = Deadline.after(ATTEMPT_SECONDS)
        call = replace(press.call, once=None, action=AUDIT_ACTION, deadline=deadline)
        return self._signals.prepare(call, press.command)

    def _settled(self, key: tuple[str, str], done: asyncio.Task[SignalView]) -> None:
        self._storing.pop(key, None)
        self._unstored.pop(key, None)
        if done.cancelled():
            taken.labels(LOST).inc()
            log.error("signal.not-stored", outcome=LOST)
            return
        error = done.exception()
        if error is None:
            taken.labels(STORED).inc()
            for person_id in done.result().signal.recipient_ids:
                self._hub.private.written(key[0], person_id)
            return
        outcome = REFUSED if _is_to_be_mended(error) else LOST
        taken.labels(outcome).inc()
        log.error("signal.not-stored", outcome=outcome, **failure(error))


def _as_ours(error: Exception) -> HavenError:
    return error if isinstance(error, HavenError) else Internal("INTERNAL", "an internal error")


def _is_to_be_mended(error: BaseException) -> bool:
    """True for a refusal, which the person must hear; a fault of ours is tried again instead."""
    is_fault = is_retryable(error) or isinstance(error, Internal)
    return isinstance(error, HavenError) and not is_fault
