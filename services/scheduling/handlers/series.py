"""Weekly series and who leads them."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.scheduling.domain.commands import AssignFacilitator, CreateSeries
from services.scheduling.domain.series import Series, SeriesView, view_of
from services.scheduling.handlers.grounds import (
    ahead,
    load_as_seen,
    require_covering,
    require_free_facilitator,
    rosters,
)
from services.scheduling.handlers.review import Review
from services.scheduling.ports import Books, PolicyOf


class SeriesUseCases:
    """Creates series with all their sessions; gives them to facilitators."""

    def __init__(self, store: Store, books: Books, review: Review, policy_of: PolicyOf) -> None:
        self._store, self._books = store, books
        self._review, self._policy_of = review, policy_of

    def create(self, call: Call, command: CreateSeries) -> SeriesView:
        """Create the series and a session for each block in each week."""
        return self._store.transact(call, lambda tx: self._create(tx, command))

    def assign(self, call: Call, command: AssignFacilitator) -> SeriesView:
        """Give everything ahead to a facilitator who may treat everybody enrolled."""
        return self._store.transact(call, lambda tx: self._assign(tx, command))

    def _create(self, tx: Tx, command: CreateSeries) -> SeriesView:
        group = self._books.groups.load(tx, command.group_id)
        clinician = self._books.clinicians.load(tx, command.facilitator_id)
        series = Series(
            id=new_id(),
            group_id=group.id,
            facilitator_id=clinician.id,
            pattern=command.pattern,
            capacity=group.capacity,
            is_part2_protected=group.is_part2_protected,
        )
        series.require_policy(self._policy_of(tx.call.tenant_id))
        sessions = series.sessions(group, clinician, tx.now, new_id)
        require_free_facilitator(self._books, tx, clinician, sessions)
        self._books.sessions.insert_all(tx, sessions)
        self._books.clinicians.save(tx, clinician)
        return view_of(self._books.series.insert(tx, series), sessions, tx.now)

    def _assign(self, tx: Tx, command: AssignFacilitator) -> SeriesView:
        series = load_as_seen(self._books.series, tx, command.series_id, command.etag)
        clinician = self._books.clinicians.load(tx, command.facilitator_id)
        series.assign(clinician)
        sessions = ahead(self._books.sessions.open_of_series(tx, series.id), tx)
        require_free_facilitator(self._books, tx, clinician, sessions)
        require_covering(self._books, tx, clinician, sessions)
        for session in sessions:
            session.give_to(clinician)
        self._books.sessions.save_leads(tx, sessions)
        self._books.clinicians.save(tx, clinician)
        saved = self._books.series.save(tx, series)
        self._review.patients(tx, rosters(sessions))
        return view_of(saved, self._books.sessions.of_series(tx, [series.id]), tx.now)
