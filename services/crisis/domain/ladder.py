"""Where a case stands on its policy's rungs, and whom it has paged there.

(cycle, rung) only ever grows, so every page has its own key, the same on every path and retry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    # When each was asked for; pages of earlier releases have no time.
    ask_times: Mapping[str, datetime] = field(default_factory=dict)
    # The page of each person whom the rung means, and when it may mean somebody else.
    page_of: Mapping[str, str] = field(default_factory=dict)
    next_hand_off: datetime | None = None

    @property
    def current(self) -> Rung:
        """The rung that fired last."""
        return self.policy.rungs[self.rung]

    @property
    def is_at_last(self) -> bool:
        """True on the rung that repeats without end."""
        return self.rung >= self.policy.last

    @property
    def waiting(self) -> Mapping[str, str]:
        """The pages that may still bring somebody, by recipient."""
        return {each: key for each, key in self.page_of.items() if not self.pages.get(key)}

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

    def page(self, case_id: str, recipient_ids: Iterable[str], now: datetime) -> dict[str, str]:
        """Keys for the pages of this position, by recipient; from now on these count."""
        keys = {recipient_id: self._key(case_id, recipient_id) for recipient_id in recipient_ids}
        self.page_of, self.pages = keys, dict.fromkeys(keys.values(), False)
        self.ask_times = dict.fromkeys(keys.values(), now)
        return keys

    def page_too(
        self, case_id: str, recipient_ids: Iterable[str], now: datetime, *, since: datetime | None
    ) -> dict[str, str]:
        """Keys of further pages at this position; none for those whom one here is still calling.

        One that has failed calls nobody, and none that was asked for before `since`.
        """
        new = {}
        for each in recipient_ids:
            if (known := self.page_of.get(each)) is None:
                new[each] = self._key(case_id, each)
            elif self.pages.get(known, True) or not self._is_since(known, since):
                new[each] = self._key(case_id, each, f"/after/{known}")
        replaced = {self.page_of[each] for each in new if each in self.page_of}
        self.page_of = {**self.page_of, **new}
        kept = {key: failed for key, failed in self.pages.items() if key not in replaced}
        self.pages = {**kept, **dict.fromkeys(new.values(), False)}
        self.ask_times = {**self.ask_times, **dict.fromkeys(new.values(), now)}
        return new

    def hand_off(self, case_id: str, recipient_ids: Iterable[str], now: datetime) -> dict[str, str]:
        """Keys for those whom the rung means from now on and has not woken.

        The pages of the others who are still meant go on counting, and nobody else's do.
        """
        meant = dict.fromkeys(recipient_ids)
        fresh = {
            recipient_id: self._key(case_id, recipient_id, f"/{now.isoformat()}")
            for recipient_id in meant
            if recipient_id not in self.page_of
        }
        known = {**self.page_of, **fresh}
        self.page_of = {recipient_id: known[recipient_id] for recipient_id in meant}
        self.pages = {key: self.pages.get(key, False) for key in self.page_of.values()}
        self.ask_times = {**self.ask_times, **dict.fromkeys(fresh.values(), now)}
        return fresh

    def fail(self, page_id: str, since: datetime | None = None) -> bool:
        """A page will not arrive; True once none will of those that were asked for since."""
        if page_id not in self.pages:
            return False
        self.pages = {**self.pages, page_id: True}
        counted = [failed for key, failed in self.pages.items() if self._is_since(key, since)]
        return self._is_since(page_id, since) and all(counted)

    def _is_since(self, page_id: str, since: datetime | None) -> bool:
        if since is None:
            return True
        ask_time = self.ask_times.get(page_id)
        return ask_time is not None and ask_time >= since

    def _key(self, case_id: str, recipient_id: str, suffix: str = "") -> str:
        return str(uuid5(UUID(case_id), f"{self.cycle}/{self.rung}/{recipient_id}{suffix}"))
