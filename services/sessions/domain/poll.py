"""A question to the room: who may be told what came of it, and that nobody is told who."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidArgument
from services.sessions.domain.policy import SessionsPolicy

LEAST_OPTIONS = 2


class Audience(StrEnum):
    """Who is told what was voted."""

    ALL = "all"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Options are numbered from 1."""

    text: str
    options: tuple[str, ...]
    audience: Audience

    def require_askable(self, policy: SessionsPolicy) -> None:
        """Refuses what nobody could read or answer."""
        texts = (self.text, *self.options)
        is_written = all(each.strip() and each.isprintable() for each in texts)
        is_short = len(self.text) <= policy.poll_question_length and all(
            len(each) <= policy.poll_option_length for each in self.options
        )
        is_choice = LEAST_OPTIONS <= len(self.options) <= policy.poll_options
        if not (is_written and is_short and is_choice and len({*self.options}) == len(texts) - 1):
            raise InvalidArgument("POLL_MALFORMED", "a question and some different short options")


@dataclass(frozen=True, slots=True)
class PollView:
    """A poll as it stood, with all its counts; what of them peers see is decided already."""

    poll_id: str
    question: Question
    counts: tuple[int, ...]
    is_open: bool
    is_hidden_from_peers: bool
    own_option: int = 0


@dataclass(frozen=True, slots=True)
class PollTally:
    """The votes so far, for staff."""

    poll_id: str
    counts: tuple[int, ...]


@dataclass(slots=True)
class Poll:
    """Open until it is closed once; then the counts stay, and who voted what is forgotten."""

    id: str
    session_id: str
    question: Question
    open_time: datetime
    # Person: option. Empty once it is closed.
    votes: Mapping[str, int] = field(default_factory=dict)
    # Set by the closing.
    counts: tuple[int, ...] = ()
    close_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """A poll belongs to no single patient."""
        return ""

    @property
    def is_open(self) -> bool:
        """True while votes are taken."""
        return self.close_time is None

    def vote(self, person_id: str, option: int) -> bool:
        """Take a vote, in the place of an earlier one; False where it says the same."""
        self._require_open()
        if not 1 <= option <= len(self.question.options):
            raise InvalidArgument("OPTION_UNKNOWN", "options are numbered from 1")
        if self.votes.get(person_id) == option:
            return False
        self.votes = {**self.votes, person_id: option}
        return True

    def close(self, now: datetime) -> None:
        """Count, and forget who voted what."""
        self._require_open()
        self.counts, self.votes, self.close_time = self._counted(), {}, now

    @property
    def tally(self) -> PollTally:
        """What staff may know while it is open, and afterwards."""
        return PollTally(self.id, self._counted() if self.is_open else self.counts)

    def view(self, policy: SessionsPolicy, *, by: str = "") -> PollView:
        """As it stands; with the own vote of whoever looks."""
        counts = self.tally.counts
        is_for_all = self.question.audience is Audience.ALL and not self.is_open
        return PollView(
            self.id,
            self.question,
            counts,
            self.is_open,
            # So few that a peer who knows the own vote could tell those of others.
            not is_for_all or sum(counts) < policy.poll_least_votes,
            self.votes.get(by, 0),
        )

    def _counted(self) -> tuple[int, ...]:
        given = [*self.votes.values()]
        return tuple(given.count(number + 1) for number in range(len(self.question.options)))

    def _require_open(self) -> None:
        if not self.is_open:
            raise FailedPrecondition("POLL_CLOSED", "this poll takes no votes any more")
