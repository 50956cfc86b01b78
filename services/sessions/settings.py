"""What a process of sessions reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import ProcessSettings


@dataclass(frozen=True, kw_only=True)
class SessionsSettings(ProcessSettings):
    """Limits of the process; what concerns people is tenant policy."""

    # Frames that may wait for one reader; a slower one is told to resume.
    reader_queue: int = 256
    # Signals being stored at once, on threads of their own: nothing else can hold them up.
    signal_threads: int = 4
