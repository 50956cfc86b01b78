"""What a relay loop works with, in a test's hands: a broker, a lease and a clock."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.broker import Outgoing, Prepare, Published
from chassis.store.outbox_rows import OutboxRow


class ScriptedPublisher:
    """A broker that takes everything, but for what a test says."""

    def __init__(self) -> None:
        self.is_open, self.is_blocked = False, False
        self.published: list[Outgoing] = []
        self.unroutable: set[str] = set()
        self.refused: set[str] = set()
        self.loses_connection_after = 10_000
        self.loses_connection_idle = False
        self.late: list[str] = []
        self.unanswered: set[str] = set()
        self.prepared = 0

    @property
    def in_flight(self) -> frozenset[str]:
        return frozenset(self.unanswered)

    def open(self) -> None:
        self.is_open = True

    def prepare(self, _work: Prepare) -> None:
        self.prepared += 1

    def close(self) -> None:
        self.is_open = False
        self.unanswered.clear()

    def tend(self) -> Published:
        if self.loses_connection_idle:
            self.close()
        late, self.late = self.late, []
        self.unanswered.difference_update(late)
        return Published(confirmed=late)

    def publish(self, messages: Iterable[Outgoing], *, within: float = 1.0) -> Published:
        assert within > 0
        assert self.is_open, "the real one has no channel then"
        known = Published()
        for message in messages:
            if len(self.published) == self.loses_connection_after:
                self.close()
                break
            if self.is_blocked:
                self.unanswered.add(message.id)
                continue
            self.published.append(message)
            self._answer(message, known)
        return known

    def _answer(self, message: Outgoing, known: Published) -> None:
        if message.properties["type"] in self.unroutable:
            known.returned.append(message.id)
        elif message.properties["type"] in self.refused:
            known.refused.append(message.id)
        else:
            known.confirmed.append(message.id)


class Flag:
    """A lease that a test gives and takes."""

    def __init__(self) -> None:
        self.is_ours = True

    def hold(self) -> bool:
        return self.is_ours

    def release(self) -> None:
        self.is_ours = False


class Unaware:
    """A watch that tells of rows only when a test says so, and else that any may be missing."""

    def __init__(self) -> None:
        self.rows: list[OutboxRow] | None = None
        self.is_live = False

    def is_current(self) -> bool:
        return self.is_live

    def take(self) -> list[OutboxRow] | None:
        rows, self.rows = self.rows, None if self.rows is None else []
        return rows


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
