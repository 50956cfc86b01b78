"""Where a case stands on its policy's rungs, and whom it has paged there.

(cycle, rung) only ever grows, so every page has its own key, the same on every path and retry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from services.crisis.domain.escalation import FrozenPolicy, Rung


@dataclass(slots=True)
class Ladder:
    """A frozen policy and the position on it."""

    policy: FrozenPolicy
    rung: int = 0
    cycle: int = 0
    # Nobody of the first rung has been woken yet: the next step is to that rung, not past it.
    is_before_first: bool = False
    # The pages that went out last, and whether each is known to have failed.
    pages: Mapping[str, bool] = field(default_factory=dict)

    @property
    def current(self) -> Rung:
        """The rung that fired last."""
        return self.policy.rungs[self.rung]

    @property
    def is_at_last(self) -> bool:
        """True on the rung that repeats without end."""
        return self.rung >= self.policy.last

    def step(self) -> None:
        """To the next rung; from the last one to itself, in the next cycle."""
        if self.is_before_first:
            self.restart()
        elif self.is_at_last:
            self.rung, self.cycle = self.policy.last, self.cycle + 1
        else:
            self.rung += 1

    def jump_to_last(self) -> None:
        """To the last rung, in the next cycle."""
        self.rung, self.cycle = self.policy.last, self.cycle + 1
        self.is_before_first = False

    def restart(self) -> None:
        """To the first rung, in the next cycle."""
        self.rung, self.cycle = 0, self.cycle + 1
        self.is_before_first = False

    def rewind(self) -> None:
        """To before the first rung, which the next step reaches in a cycle of its own."""
        self.restart()
        self.is_before_first = True

    def page(self, case_id: str, recipient_ids: Iterable[str]) -> dict[str, str]:
        """Keys for the pages of this position, by recipient; from now on these count."""
        keys = {each: self._key(case_id, each) for each in recipient_ids}
        self.pages = dict.fromkeys(keys.values(), False)
        return keys

    def page_too(self, case_id: str, recipient_ids: Iterable[str]) -> dict[str, str]:
        """Keys of further pages at this position; none for those who have one here already."""
        keys = {each: self._key(case_id, each) for each in recipient_ids}
        new = {each: key for each, key in keys.items() if key not in self.pages}
        self.pages = {**self.pages, **dict.fromkeys(new.values(), False)}
        return new

    def page_of(self, case_id: str, recipient_id: str) -> str:
        """The key of this person's page at this position; empty where they have none."""
        key = self._key(case_id, recipient_id)
        return key if key in self.pages else ""

    def fail(self, page_id: str) -> bool:
        """A page will not arrive; True once none of those that count will."""
        if page_id not in self.pages:
            return False
        self.pages = {**self.pages, page_id: True}
        return all(self.pages.values())

    def _key(self, case_id: str, recipient_id: str) -> str:
        return str(uuid5(UUID(case_id), f"{self.cycle}/{self.rung}/{recipient_id}"))
