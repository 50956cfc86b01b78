"""Who has a case: its owner, those who help, and those who were asked to.

An owner is one person at a time. Nobody is asked and forgotten: whoever was asked stays able to
answer for as long as the acknowledgement holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pledge:
    """Somebody who takes the case; alone they may not be enough."""

    clinician_id: str
    role: str


@dataclass(slots=True)
class Responders:
    """The people of one case, as long as the acknowledgement holds."""

    owner_id: str = ""
    owner_role: str = ""
    acknowledge_time: datetime | None = None
    # In the order in which they said it; the first becomes the owner once there are enough.
    pledges: tuple[Pledge, ...] = ()
    # Asked by name after the case was taken, in the order of asking.
    invited: tuple[str, ...] = ()
    # Came in addition to the owner.
    helpers: tuple[str, ...] = ()
    # Whom the owner asked to take over; the owner has it until they do.
    successor_id: str = ""

    def pledge(self, clinician_id: str, role: str) -> None:
        """Note who takes it."""
        self.pledges = (*self.pledges, Pledge(clinician_id, role))

    def take(self, now: datetime) -> None:
        """There are enough: the first of them has it, the others help."""
        owner, *others = self.pledges
        self.owner_id, self.owner_role, self.acknowledge_time = owner.clinician_id, owner.role, now
        self.helpers = tuple(each.clinician_id for each in others)

    def has_pledged(self, clinician_id: str) -> bool:
        """True for those who said that they take it."""
        return any(each.clinician_id == clinician_id for each in self.pledges)

    def withdraw(self, clinician_id: str) -> None:
        """They cannot after all."""
        self.pledges = tuple(each for each in self.pledges if each.clinician_id != clinician_id)
        self.invited = _without(self.invited, clinician_id)
        self.helpers = _without(self.helpers, clinician_id)
        if self.successor_id == clinician_id:
            self.successor_id = ""

    def invite(self, *clinician_ids: str) -> None:
        """They were asked to help."""
        self.invited = tuple(dict.fromkeys((*self.invited, *clinician_ids)))

    def help(self, clinician_id: str) -> None:
        """Somebody who was asked comes."""
        self.helpers = tuple(dict.fromkeys((*self.helpers, clinician_id)))

    def succeed(self, role: str, now: datetime) -> None:
        """The successor has it now; who had it before stays as a helper."""
        self.help(self.owner_id)
        self.owner_id, self.owner_role, self.acknowledge_time = self.successor_id, role, now
        self.helpers = _without(self.helpers, self.successor_id)
        self.successor_id = ""

    def release(self) -> None:
        """Nobody has it any more."""
        self.owner_id = self.owner_role = self.successor_id = ""
        self.acknowledge_time = None
        self.pledges, self.invited, self.helpers = (), (), ()


def _without(people: tuple[str, ...], clinician_id: str) -> tuple[str, ...]:
    return tuple(each for each in people if each != clinician_id)
