"""Facts that decide whether a message is still wanted."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.store import Store
from services.notify.domain.commands import KeepCase, RevokeConsent
from services.notify.ports import Copies

MESSAGING = "messaging"


class Records:
    """Keeps copies; an older fact never replaces a newer one."""

    def __init__(self, store: Store, *, copies: Copies) -> None:
        self._store = store
        self._copies = copies

    def keep_case(self, call: Call, case: KeepCase) -> None:
        """Remember what happened to a case. Opening never says that nobody has it any more."""
        once = call.once if case.in_hand else None
        version = once.aggregate_version if isinstance(once, EventOnce) else 0
        self._store.transact(call, lambda tx: self._copies.keep_case(tx, case, version))

    def revoke(self, call: Call, revocation: RevokeConsent) -> None:
        """Remember that a patient wants no messages; other scopes are not notify's."""
        self._store.transact(
            call,
            lambda tx: (
                self._copies.keep_revocation(tx, revocation)
                if revocation.scope == MESSAGING
                else None
            ),
        )
