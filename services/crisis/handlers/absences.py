"""Patients who did not come: silence of somebody at risk is a signal."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import derived_id
from chassis.store import Reader
from services.crisis.domain.absence import worry
from services.crisis.domain.commands import TakeAbsence
from services.crisis.domain.signal import Signal, Source
from services.crisis.handlers.cases import Cases
from services.crisis.ports import Copies


class Absences:
    """One case, or one line in the open one, per session that a patient at risk did not join."""

    def __init__(self, *, cases: Cases, copies: Copies) -> None:
        self._cases = cases
        self._copies = copies

    def take(self, call: Call, command: TakeAbsence) -> None:
        """Open or join a case where the patient's newest screenings worry; else do nothing."""
        patient_id = command.patient_id

        def found(reader: Reader) -> Signal | None:
            severity = worry(self._copies.tiers(reader, patient_id))
            if severity is None:
                return None
            return Signal(
                fact_id=derived_id(call.tenant_id, "absence", command.session_id, patient_id),
                patient_id=patient_id,
                source=Source.MISSED_CHECK_IN,
                severity=severity,
                reporter_id="service:sessions",
            )

        self._cases.take_where(call, found)
