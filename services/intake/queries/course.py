"""How the care of a patient goes, as other services reported it."""

from __future__ import annotations

from collections.abc import Callable

from chassis.call import Call
from chassis.store import Page, Reader, Store
from services.intake.domain.commands import ListPage
from services.intake.domain.copies import Absence, Attendance, CaseCopy
from services.intake.domain.views import EpisodeView
from services.intake.ports import Book, EpisodeBook, ReportBook
from services.intake.queries.paging import Row, of_somebody, page_of


class Course:
    """Reads of attendance, absences and crisis cases."""

    def __init__(
        self, store: Store, *, episodes: EpisodeBook, cases: Book[CaseCopy], reports: ReportBook
    ) -> None:
        self._store = store
        self._episodes, self._cases, self._reports = episodes, cases, reports

    def episode(self, call: Call, patient_id: str) -> EpisodeView:
        """The care of one patient at a glance."""
        call.require_self(patient_id)
        return self._store.read(call, lambda reader: self._glance(reader, patient_id))

    def attendances(self, call: Call, command: ListPage) -> Page[Attendance]:
        """A part of a patient's counted time."""
        call.require_self(command.patient_id)
        return self._store.read(
            call, lambda reader: self._part(reader, command, self._reports.attendance_page)
        )

    def absences(self, call: Call, command: ListPage) -> Page[Absence]:
        """A part of the sessions that a patient did not join in time."""
        call.require_self(command.patient_id)
        return self._store.read(
            call, lambda reader: self._part(reader, command, self._reports.absence_page)
        )

    def cases(self, call: Call, command: ListPage) -> Page[CaseCopy]:
        """A part of a patient's crisis cases."""
        call.require_self(command.patient_id)
        page = page_of(call, self._cases, command, {"patient_id": command.patient_id})
        return of_somebody(page, call, command, store=self._store, episodes=self._episodes)

    def _part(
        self, reader: Reader, command: ListPage, page_of_kind: Callable[..., Page[Row]]
    ) -> Page[Row]:
        """A part of the reports about a patient whom this tenant has; otherwise NotFound."""
        self._episodes.of(reader, command.patient_id)
        return page_of_kind(
            reader,
            command.patient_id,
            page_size=command.page_size,
            page_token=command.page_token,
        )

    def _glance(self, reader: Reader, patient_id: str) -> EpisodeView:
        attended = {
            each.session_id: each.counted_seconds
            for each in self._reports.attendances(reader, patient_id)
            if each.counted_seconds > 0
        }
        missed = {each.session_id for each in self._reports.absences(reader, patient_id)}
        cases = self._cases.find(reader, {"patient_id": patient_id, "is_open": True})
        return EpisodeView(
            episode=self._episodes.of(reader, patient_id),
            attended_seconds=sum(attended.values()),
            sessions_attended=len(attended),
            sessions_missed=len(missed - attended.keys()),
            open_case_ids=tuple(sorted(case.id for case in cases)),
        )
