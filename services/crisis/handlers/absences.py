"""Patients who did not come: somebody calls, and silence of somebody at risk is a signal."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.crisis.domain.absence import worry
from services.crisis.domain.commands import EndAbsence, TakeAbsence
from services.crisis.domain.signal import Signal, Source
from services.crisis.handlers.cases import Cases
from services.crisis.ports import Copies
from services.crisis.ports.aftercare import Aftercare


class Absences:
    """One case, or one line in the open one, per session that a patient at risk did not join."""

    def __init__(self, store: Store, *, cases: Cases, copies: Copies, aftercare: Aftercare) -> None:
        self._store = store
        self._cases = cases
        self._copies = copies
        self._aftercare = aftercare

    def take(self, call: Call, command: TakeAbsence) -> None:
        """Somebody is to call; where the patient's newest screenings worry a case opens too."""
        patient_id = command.patient_id

        def found(tx: Tx) -> Signal | None:
            tiers = self._copies.tiers(tx, patient_id)
            severity = worry(tiers)
            # Nobody ever asked a patient without a screening: that is not calm.
            self._aftercare.after_absence(tx, command, is_calm=bool(tiers) and severity is None)
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

    def end(self, call: Call, command: EndAbsence) -> None:
        """The patient is there; a case that the absence opened stays until a human ends it."""
        self._store.transact(call, lambda tx: self._aftercare.end_absence(tx, command))
