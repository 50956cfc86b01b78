"""Whom to call where, and what the law asks there: as a tenant's people have verified it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from chassis.call import Call
from chassis.errors import InvalidArgument, Violation
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.crisis.domain.aftercare_commands import NumberEntry, PutDutyToWarn, PutLocalNumbers
from services.crisis.domain.jurisdiction import Area, DutyToWarn, LocalNumber, WarnEntry
from services.crisis.handlers.versions import refuse_stale
from services.crisis.ports.aftercare import Atlas

# Where it is tomorrow already, somebody may have verified a number today.
EARLIEST_ZONE = timedelta(hours=14)


class Jurisdictions:
    """A tenant's own entries; whoever puts them vouches for them."""

    def __init__(self, store: Store, *, atlas: Atlas) -> None:
        self._store = store
        self._atlas = atlas

    def put_numbers(self, call: Call, command: PutLocalNumbers) -> Area:
        """Replace the numbers of one area; they are in the next emergency pack."""

        def change(tx: Tx) -> Area:
            days = {f"numbers[{i}]": each.verified_on for i, each in enumerate(command.numbers)}
            for path, day in days.items():
                _refuse_future(tx, f"{path}.verified_date", day)
            known = self._atlas.area(tx, command.state, command.area)
            refuse_stale(known, command.etag)
            id = derived_id(call.tenant_id, "local-numbers", command.state, command.area)
            area = known or Area(id, command.state, command.area)
            by = call.actor.subject
            area.numbers = tuple(_number(command, each, by) for each in command.numbers)
            return self._atlas.keep_area(tx, area)

        return self._store.transact(call, change)

    def put_duty(self, call: Call, command: PutDutyToWarn) -> WarnEntry:
        """Record what a state asks, and from which source that is known."""

        def change(tx: Tx) -> WarnEntry:
            _refuse_future(tx, "verified_date", command.verified_on)
            known = self._atlas.duty(tx, command.state)
            refuse_stale(known, command.etag)
            duty = DutyToWarn(
                command.state,
                command.rule,
                command.source,
                command.verified_on,
                call.actor.subject,
            )
            id = derived_id(call.tenant_id, "duty-to-warn", command.state)
            entry = replace(known, duty=duty) if known else WarnEntry(id, duty)
            return self._atlas.keep_duty(tx, entry)

        return self._store.transact(call, change)


def _number(command: PutLocalNumbers, entry: NumberEntry, by: str) -> LocalNumber:
    return LocalNumber(
        kind=entry.kind,
        state=command.state,
        area=command.area,
        name=entry.name,
        phone=entry.phone,
        verified_on=entry.verified_on,
        verifier_id=by,
    )


def _refuse_future(tx: Tx, path: str, day: date) -> None:
    """A number that will be verified one day is not verified."""
    if day > (tx.now + EARLIEST_ZONE).date():
        fault = Violation(path, "OUT_OF_RANGE", "must not lie in the future")
        raise InvalidArgument("FIELDS_INVALID", f"fields at fault: {path}", violations=[fault])
