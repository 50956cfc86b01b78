"""Groups."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.scheduling.domain.commands import CreateGroup
from services.scheduling.domain.group import Group
from services.scheduling.ports import Books, PolicyOf


class Groups:
    """Creates groups within the tenant's limits."""

    def __init__(self, store: Store, books: Books, policy_of: PolicyOf) -> None:
        self._store, self._books, self._policy_of = store, books, policy_of

    def create(self, call: Call, command: CreateGroup) -> Group:
        """Create a group of a size that the tenant allows for its kind."""

        def create(tx: Tx) -> Group:
            group = Group(
                id=new_id(),
                display_name=command.display_name,
                track=command.track,
                kind=command.kind,
                modality=command.modality,
                capacity=command.capacity,
            )
            group.require_capacity(self._policy_of(call.tenant_id))
            return self._books.groups.insert(tx, group)

        return self._store.transact(call, create)
