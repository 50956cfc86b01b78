"""Who cannot be called, and whether somebody else can."""

from __future__ import annotations

from chassis.call import Call, EventOnce, Role
from chassis.errors import NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.crisis.domain.commands import OptOutOfCalls
from services.crisis.domain.coverage import Gap
from services.crisis.domain.opt_out import OptOut
from services.crisis.domain.reach import Reach
from services.crisis.handlers.reviewing import Review
from services.crisis.ports import OnCallBook, Plans


class OnCall:
    """Opting out, and the look at what is left."""

    def __init__(self, store: Store, *, book: OnCallBook, plans: Plans, review: Review) -> None:
        self._store = store
        self._book = book
        self._plans = plans
        self._review = review

    def opt_out(self, call: Call, command: OptOutOfCalls) -> tuple[OptOut, list[Gap]]:
        """The clinician is not called in that time; which hours nobody covers, as of now."""
        _refuse_for_others(call, command.clinician_id)

        def change(tx: Tx) -> tuple[OptOut, list[Gap]]:
            if command.rotation and self._plans.rotation(tx, command.rotation) is None:
                raise NotFound("NOT_FOUND", "no such resource")
            opt_out = OptOut(
                id=new_id(),
                clinician_id=command.clinician_id,
                start=command.start,
                end=command.end,
                substitute_id=command.substitute_id,
                rotation=command.rotation,
                author_id=call.actor.subject,
            )
            return self._kept(tx, opt_out)

        return self._store.transact(call, change)

    def cancel(self, call: Call, opt_out_id: str) -> tuple[OptOut, list[Gap]]:
        """The clinician is called again; a second time changes nothing."""

        def change(tx: Tx) -> tuple[OptOut, list[Gap]]:
            opt_out = self._book.load_opt_out(tx, opt_out_id)
            _refuse_for_others(call, opt_out.clinician_id)
            opt_out.cancel(tx.now)
            return self._kept(tx, opt_out)

        return self._store.transact(call, change)

    def keep_reach(self, call: Call, reach: Reach) -> None:
        """Remember whom of the staff a page can reach. The next look at the cover tells of it."""
        version = call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
        self._store.transact(call, lambda tx: self._book.keep_reach(tx, reach, version))

    def check(self, call: Call, _check_id: str) -> None:
        """Time has passed: tell what came within the horizon, and again what was not mended."""

        def look(tx: Tx) -> None:
            due = self._book.check_due(tx)
            if due is not None and due <= tx.now:
                self._review.as_time_passes(tx)

        self._store.transact(call, look)

    def begin(self, call: Call) -> None:
        """From now on the tenant's cover is looked at, also where no plan ever changes again."""

        def look(tx: Tx) -> None:
            if self._book.check_due(tx) is None:
                self._review.as_time_passes(tx)

        self._store.transact(call, look)

    def _kept(self, tx: Tx, opt_out: OptOut) -> tuple[OptOut, list[Gap]]:
        kept = self._book.keep_opt_out(tx, opt_out)
        return kept, self._review.after_change(tx)


def _refuse_for_others(call: Call, clinician_id: str) -> None:
    if clinician_id != call.actor.subject and not call.has(Role.SUPERVISOR):
        raise PermissionDenied("OPT_OUT_OF_ANOTHER", "clinicians speak only for themselves")
