"""What other services tell about patients, kept as copies."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.store import Store, Tx
from services.intake.domain.copies import Absence, Attendance, CaseCopy, CaseReport
from services.intake.ports import Book, EpisodeBook, ReportBook


class Reports:
    """Attendance, absences and crisis cases, each as reported last."""

    def __init__(
        self, store: Store, *, reports: ReportBook, cases: Book[CaseCopy], episodes: EpisodeBook
    ) -> None:
        self._store, self._reports = store, reports
        self._cases, self._episodes = cases, episodes

    def take_attendance(self, call: Call, attendance: Attendance) -> None:
        """Keep counted time unless a newer count is here."""

        def taken(tx: Tx) -> None:
            self._reports.take_attendance(
                tx,
                attendance,
                version=version_of(call),
                is_part2_protected=self._is_protected(tx, attendance.patient_id),
            )

        self._store.transact(call, taken)

    def take_absence(self, call: Call, absence: Absence) -> None:
        """Keep that a patient did not join in time."""

        def taken(tx: Tx) -> None:
            self._reports.take_absence(
                tx,
                absence,
                version=version_of(call),
                is_part2_protected=self._is_protected(tx, absence.patient_id),
            )

        self._store.transact(call, taken)

    def take_case(self, call: Call, report: CaseReport) -> None:
        """Keep what a report adds to what is known of a case."""

        def taken(tx: Tx) -> None:
            known = self._cases.find(tx, {"_id": report.case_id}, limit=1)
            case = known[0] if known else self._new(tx, report)
            if not case.patient_id and report.patient_id:  # now it is known whose case it is
                case.patient_id = report.patient_id
                case.is_part2_protected = self._is_protected(tx, report.patient_id)
            case.hear(report, aggregate_version=version_of(call))
            keep = self._cases.save if known else self._cases.insert
            keep(tx, case)

        self._store.transact(call, taken)

    def forget_case(self, call: Call, case_id: str) -> None:
        """Remove the copy of a drill's case, with the drill."""
        self._store.transact(call, lambda tx: self._reports.forget_case(tx, case_id))

    def _new(self, tx: Tx, report: CaseReport) -> CaseCopy:
        return CaseCopy(
            id=report.case_id,
            patient_id=report.patient_id,
            is_part2_protected=self._is_protected(tx, report.patient_id),
        )

    def _is_protected(self, tx: Tx, patient_id: str) -> bool:
        return self._episodes.is_part2_protected(tx, patient_id)


def version_of(call: Call) -> int:
    """Of the publisher's aggregate when it told this."""
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
