"""Group commit: calls of one company that come while another commits share a transaction.

A company are the events of one queue, the calls of one method about somebody in danger, what is due
of one kind, or what a service's use cases say may go together. Under load a call then costs its own
statements and a part of everything else; without load each still goes alone and at once. An effect
never depends on company: where a group cannot commit, each of its members is committed by itself,
with its own errors.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from chassis.deadline import Deadline
from chassis.errors import AlreadyExists, DeadlineExceeded, HavenError, Unavailable, is_retryable
from chassis.failpoint import failpoint
from chassis.store import once
from chassis.store.attempt import Attempt, Contended
from chassis.store.engine import Engine, Rows
from chassis.store.once import AlreadyDone
from chassis.store.shared_rows import SharedRows

KNOWN = object()
# Groups at once. One alone would get a small share of a database that is busy with others' calls.
TURNS = 2
# So few that the statements of all of them fit into the life of a transaction (server.py), also
# where each opens a case and the machine is busy.
MOST_MEMBERS = 8
# In a crowd, that is for a while after calls went together, others are waited for about as long as
# the last group took, at most so long: a group of eight costs hardly more than one of two, and what
# it leaves of a busy machine serves all. Where groups are quick there is little to save.
LINGER_SECONDS, LINGER_GROUPS = 0.06, 1.0
CROWD_SECONDS = 0.5
# How much later than a member's own time its group ends at the latest; see _await_group.
GRACE_SECONDS = 5.0


class Refused(NamedTuple):
    """What a member came to that has no effect, while the others have theirs."""

    error: HavenError


class Member:
    """One call on its way, and what the group could do for it."""

    def __init__(self, attempt: Attempt[Any], deadline: Deadline) -> None:
        self.attempt, self.deadline = attempt, deadline
        self.is_committed = False
        self.result: Any = None
        self.error: Exception | None = None
        self.has_turn = False
        self.called = threading.Event()  # it has a turn, or whoever took it along is done with it


class Company:
    """The calls that may share a transaction, in this process.

    Who has a turn takes along whoever waits; the others sleep until it is done for them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._list = threading.Lock()  # held for moments; a turn lasts a transaction
        self._came = threading.Condition(self._list)
        self._waiting: list[Member] = []
        self._turns = TURNS  # nobody has these
        self._gatherer: Member | None = None  # has a turn, and has not yet taken the others along
        self._crowd_ends = 0.0  # by this process's monotonic clock
        self._took = 0.0  # seconds, by the last group

    def commit(self, deadline: Deadline, attempt: Attempt[Any]) -> Any:
        """Alone where nobody else is here, else in a group; raises what the engine raises."""
        member = Member(attempt, deadline)
        try:
            with self._list:
                self._waiting.append(member)
                self._came.notify()
                self._give_turn()
            member.called.wait(deadline.remaining())
            if not member.has_turn:
                self._await_group(member)
                return self._outcome(member)
            members = [member, *self._followers(deadline)]
            if len(members) > 1:
                self._commit_all(members)
            return self._outcome(member)
        finally:
            self._leave(member)

    def _outcome(self, member: Member) -> Any:
        if member.error is not None:
            raise member.error
        if member.is_committed:
            return member.result
        return self._engine.transact(member.deadline, member.attempt)

    def _await_group(self, member: Member) -> None:
        """Until whoever took it along is done; DeadlineExceeded where nobody did."""
        with self._list:
            is_left = member in self._waiting or member.has_turn
        # Its group ends when its own time does, or a moment later; to leave before would be to
        # undo in memory what another thread still works with.
        if is_left or not member.called.wait(GRACE_SECONDS):
            # A group that took it along may still commit it: then the inbox knows it.
            raise DeadlineExceeded("DEADLINE_EXCEEDED", "the calls before took all the time")

    def _give_turn(self) -> None:
        """To whoever waits longest, when there is a turn and nobody takes others along already."""
        if self._waiting and self._turns and self._gatherer is None:
            member = self._gatherer = self._waiting.pop(0)
            self._turns -= 1
            member.has_turn = True
            member.called.set()

    def _followers(self, deadline: Deadline) -> list[Member]:
        """The next few that wait; in a crowd after a moment in which more may come."""
        with self._list:
            now = time.monotonic()
            linger = min(LINGER_SECONDS, LINGER_GROUPS * self._took)
            until = now + min(linger, deadline.remaining() / 2)
            while now < self._crowd_ends and len(self._waiting) < MOST_MEMBERS - 1:
                if not self._came.wait(until - time.monotonic()):
                    break
            followers = self._waiting[: MOST_MEMBERS - 1]
            del self._waiting[: MOST_MEMBERS - 1]
            if followers:
                self._crowd_ends = time.monotonic() + CROWD_SECONDS
            self._gatherer = None
            self._give_turn()
        return followers

    def _commit_all(self, members: Sequence[Member]) -> None:
        deadline = min((each.deadline for each in members), key=Deadline.remaining)
        begin = time.monotonic()
        try:
            try_together(self._engine, deadline, members)
        finally:
            self._took = time.monotonic() - begin
            for each in members:
                each.called.set()

    def _leave(self, member: Member) -> None:
        """Whatever became of it: nobody waits for it, and its turn is another's."""
        with self._list:
            if member in self._waiting:
                self._waiting.remove(member)
            if member.has_turn:
                self._turns += 1
            if self._gatherer is member:
                self._gatherer = None
            self._give_turn()


def try_together(engine: Engine, deadline: Deadline, members: Sequence[Member]) -> None:
    """Commit all of them, or tell none of them anything but that the database is away."""
    try:
        results = engine.transact(deadline, Together(members))
    except Exception as error:  # whatever it is, it is for each to meet by itself
        for each in members:
            each.attempt.roll_back()
            if isinstance(error, Unavailable) and deadline.remaining() > 0:
                # The database is away, for all: to ask again for each would take as long again.
                each.error = error
    else:
        for each, result in zip(members, results, strict=True):
            if isinstance(result, Refused):
                each.attempt.roll_back()
                each.error = result.error
                continue
            each.is_committed, each.result = True, result
            each.error = AlreadyDone() if result is KNOWN else None
        failpoint("store.after-group")


class GroupCommit:
    """The companies: none waits for another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._companies: defaultdict[str, Company] = defaultdict(lambda: Company(engine))

    def commit(self, company: str, deadline: Deadline, attempt: Attempt[Any]) -> Any:
        """What `attempt` did is durable; together with its neighbours' where there are any."""
        return self._companies[company].commit(deadline, attempt)

    def try_all(self, attempts: Sequence[Attempt[Any]]) -> list[Member]:
        """These together, if they are several; who is neither committed nor failed goes alone."""
        members = [Member(each, each.call.deadline) for each in attempts]
        if len(members) > 1:
            deadline = min((each.deadline for each in members), key=Deadline.remaining)
            try_together(self._engine, deadline, members)
        return members


class Together:
    """The body of a group's transaction; it is run once.

    Members whose effect is there already are left out: a crisis-class event comes by two ways, and
    the second would end the transaction of all.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._attempts = [each.attempt for each in members]
        self._is_begun = False

    def __call__(self, rows: Rows) -> list[Any]:
        """The members' results, in their order; KNOWN for those that were left out, Refused for
        those that may not."""
        if self._is_begun:
            raise Contended
        self._is_begun = True
        known = once.known(rows, [each.call for each in self._attempts])
        is_new = [once.inbox_key(each.call) not in known for each in self._attempts]
        shared = SharedRows(rows)
        shared.look_ahead(
            read
            for each, new in zip(self._attempts, is_new, strict=True)
            if new
            for read in each.ahead
        )
        results = [
            _run(each, shared) if new else KNOWN
            for each, new in zip(self._attempts, is_new, strict=True)
        ]
        shared.write()
        return results


def _run(attempt: Attempt[Any], rows: SharedRows) -> Any:
    mark = rows.mark()
    try:
        return attempt.run(rows)
    except HavenError as error:
        # Of a refusal the others need not hear, unless it has been written to. What may be better
        # the next time, or lies with an index, is looked at again alone.
        is_final = not is_retryable(error) and not isinstance(error, AlreadyExists)
        if is_final and rows.go_back(mark):
            return Refused(error)
        if isinstance(error, Unavailable):  # of a member's own keys, say; not of the database
            raise Contended from error
        raise
