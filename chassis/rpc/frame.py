"""What the gate found out about the running RPC, for whatever runs behind it in the same task."""

from __future__ import annotations

import math
from contextvars import ContextVar
from dataclasses import dataclass

from chassis.auth.policies import MethodPolicy
from chassis.call import Actor
from chassis.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Frame:
    """One admitted RPC."""

    policy: MethodPolicy
    tenant_id: str  # empty for workloads, whose messages name their tenant
    actor: Actor
    # None for streams: they live as long as both sides want, each call inside has its own.
    deadline: Deadline | None
    # Until when the caller's credential holds, in seconds since the epoch.
    expire_time: float = math.inf


_running: ContextVar[Frame] = ContextVar("haven_frame")


def enter(frame: Frame) -> None:
    """Make the frame the running task's; a task serves one RPC and ends with it."""
    _running.set(frame)


def running() -> Frame:
    """The running task's frame."""
    frame = _running.get(None)
    if frame is None:
        raise AssertionError("no RPC is running here: the method was reached around the gate")
    return frame
