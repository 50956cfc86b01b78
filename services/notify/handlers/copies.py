"""Facts that decide whether a message is still wanted."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.store import Store
from services.notify.domain.commands import GiveConsent, KeepCase, RevokeConsent
from services.notify.ports import Copies

MESSAGING = "messaging"


class Records:
    """Keeps copies; an older fact never replaces a newer one."""

    def __init__(self, store: Store, *, copies: Copies) -> None:
        self._store = store
        self._copies = copies

    def keep_case(self, call: Call, case: KeepCase) -> None:
        """Remember what happened to a case. What puts it in nobody's hand anew
        never says that nobody has it any more."""
        version = _version_of(call) if case.in_hand else 0
        self._store.transact(call, lambda tx: self._copies.keep_case(tx, case, version))

    def revoke(self, call: Call, revocation: RevokeConsent) -> None:
        """Remember that a patient wants no messages; other scopes are not notify's."""
        keep, version = self._copies.keep_revocation, _version_of(call)
        self._store.transact(
            call,
            lambda tx: keep(tx, revocation, version) if revocation.scope == MESSAGING else None,
        )

    def consent(self, call: Call, consent: GiveConsent) -> None:
        """Remember that a patient agreed to messages; other scopes are not notify's."""
        keep, version = self._copies.keep_consent, _version_of(call)
        self._store.transact(
            call, lambda tx: keep(tx, consent, version) if consent.scope == MESSAGING else None
        )


def _version_of(call: Call) -> int:
    """The version of the publisher's aggregate that the event speaks of; 0 = unknown."""
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
