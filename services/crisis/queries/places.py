"""Whom to call at a place, and what its law asks, as the tenant and the shipped table know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.call import Call, system_call
from chassis.store import Reader, Store, etag_of
from services.crisis.domain.jurisdiction import (
    Jurisdiction,
    NumberKind,
    Survey,
    Table,
    jurisdiction_of,
)
from services.crisis.domain.pack import Freshness, LocalHelp
from services.crisis.ports import PolicyOf
from services.crisis.ports.aftercare import Atlas


class Places:
    """Joins the tenant's entries with the table; nothing stale is left out."""

    def __init__(self, store: Store, *, atlas: Atlas, table: Table, policy_of: PolicyOf) -> None:
        self._store = store
        self._atlas = atlas
        self._table = table
        self._policy_of = policy_of

    def get(self, call: Call, state: str) -> Survey:
        """All that is known about a state; every state has an answer."""

        def look(reader: Reader) -> Survey:
            policy = self._policy_of(call.tenant_id)
            own = self._atlas.duty(reader, state)
            return Survey(
                jurisdiction=self.jurisdiction(reader, state),
                today=reader.now.date(),
                number_fresh_days=policy.number_fresh_days,
                duty_fresh_days=policy.duty_fresh_days,
                area_etags={e.area: etag_of(e) for e in self._atlas.areas(reader, state)},
                duty_etag=etag_of(own) if own else "",
            )

        return self._store.read(call, look)

    def jurisdiction(self, reader: Reader, state: str) -> Jurisdiction:
        """The state, inside a read."""
        own = self._atlas.duty(reader, state)
        areas = self._atlas.areas(reader, state)
        return jurisdiction_of(state, self._table, areas, own.duty if own else None)

    def help(self, call: Call, places: Sequence[Jurisdiction], now: datetime) -> LocalHelp:
        """For a pack: numbers of every place, the law of the first one."""
        policy = self._policy_of(call.tenant_id)
        return LocalHelp(
            numbers=tuple(number for place in places for number in place.numbers),
            duty=places[0].duty if places else None,
            call_number=policy.call_number,
            dispatch_caution=self._table.dispatch_caution,
            today=now.date(),
            number_fresh_days=policy.number_fresh_days,
            duty_fresh_days=policy.duty_fresh_days,
        )

    def freshness(self, call: Call) -> Freshness:
        """How long the tenant trusts what its patients said."""
        return self._policy_of(call.tenant_id).freshness

    def call_number(self, call: Call) -> str:
        """A number that is answered now."""
        return self._policy_of(call.tenant_id).call_number

    def without_number(self, tenant_id: str) -> list[NumberKind]:
        """For metrics: each kind once for each state where patients have been and none is fresh."""
        call = system_call(tenant_id, service="crisis", action="")
        fresh_days = self._policy_of(tenant_id).number_fresh_days

        def look(reader: Reader) -> list[NumberKind]:
            places = [self.jurisdiction(reader, state) for state in self._atlas.states(reader)]
            today = reader.now.date()
            return [kind for place in places for kind in place.without_number(today, fresh_days)]

        return self._store.read(call, look)
