"""Follow-ups come into being in the transaction of whatever makes them necessary."""

from __future__ import annotations

from chassis.ids import derived_id
from chassis.store import Tx
from services.crisis.domain import aftercare
from services.crisis.domain.absence import Absence
from services.crisis.domain.aftercare import AftercarePolicy, Cause
from services.crisis.domain.aftercare_commands import FollowDischarge, ReadText
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    EndAbsence,
    EndHold,
    KeepScreening,
    TakeAbsence,
    TakeHold,
)
from services.crisis.domain.follow_up import (
    CLINICIANS,
    CancelReason,
    FollowUp,
    Kind,
    Outcome,
    Owner,
)
from services.crisis.domain.safety_plan import SafetyPlan
from services.crisis.domain.signal import Severity, Source
from services.crisis.ports import PolicyOf
from services.crisis.ports.aftercare import FollowUpBook

CALM = "none"  # the one tier of a screening that asks for nothing; an unknown one is not calm


class AftercarePlanner:
    """What follows a case, a screening, a plan and a text; the same cause again changes nothing."""

    def __init__(self, *, book: FollowUpBook, policy_of: PolicyOf) -> None:
        self._book = book
        self._policy_of = policy_of

    def after_case(self, tx: Tx, case: Case) -> None:
        """A case was resolved: contacts, reassessment, notes and reviews, by its severity.

        A case of high severity begins the caring contacts anew; the rest of an older series is
        cancelled, so that nobody writes to the patient twice.
        """
        if not case.is_patient_known or case.source is Source.DRILL:
            return  # there was nobody whom anything could follow for
        if case.severity is Severity.HIGH:
            self._end_older_series(tx, case.patient_id, case.id)
        owner_id = case.owner_id or case.resolver_id
        cause = Cause(
            patient_id=case.patient_id,
            origin_id=case.id,
            anchor=case.resolve_time or tx.now,
            owner=Owner(owner_id) if owner_id else CLINICIANS,
            case_id=case.id,
            severity=case.severity,
            resolver_id=case.resolver_id,
        )
        self._book.plan(tx, aftercare.after_case(cause, case.severity, self._policy(tx)))

    def after_discharge(self, tx: Tx, discharge: FollowDischarge) -> None:
        """A program is over: caring contacts begin anew, and the rest of an older series ends."""
        clinician_id, episode_id = discharge.clinician_id, discharge.episode_id
        cause = Cause(
            patient_id=discharge.patient_id,
            origin_id=episode_id,
            anchor=discharge.discharge_time,
            owner=Owner(clinician_id) if clinician_id else CLINICIANS,
        )
        self._end_older_series(tx, discharge.patient_id, episode_id)
        appointment = discharge.first_appointment
        self._book.plan(tx, aftercare.after_discharge(cause, appointment, self._policy(tx)))

    def after_screening(self, tx: Tx, screening: KeepScreening) -> None:
        """A screening ended; one that worries, or of which nobody can say, must be clarified."""
        if screening.tier == CALM:
            return
        cause = Cause(
            patient_id=screening.patient_id,
            origin_id=screening.screening_id,
            anchor=screening.complete_time,
            owner=CLINICIANS,
            screening_id=screening.screening_id,
        )
        self._book.plan(tx, [aftercare.after_screening(cause, self._policy(tx))])

    def after_text(self, tx: Tx, read: ReadText) -> None:
        """A text came that no rule understood: a human reads it."""
        cause = Cause(
            patient_id=read.patient_id,
            origin_id=read.inbound_review_id,
            anchor=read.receive_time,
            owner=CLINICIANS,
            text=read.text,
        )
        self._book.plan(tx, [aftercare.after_text(cause, self._policy(tx))])

    def after_absence(self, tx: Tx, absence: TakeAbsence, *, is_calm: bool) -> None:
        """Somebody calls the patient, the sooner the less is known; one series at a time.

        A call that the supervisors own for good is told to nobody any more: a new one takes its
        place, or one call that was never closed would silence every later absence. Either is then
        about both, or the late word of a coming to one would end the call about the other.
        """
        missed = Absence(absence.session_id, absence.start_time)
        key = (absence.session_id, absence.patient_id)
        origin_id = derived_id(tx.call.tenant_id, "absence", *key)
        calls = self._book.open_of(tx, absence.patient_id, Kind.ABSENCE_CALL)
        # Told again, it is no later one.
        if any(call.escalate_time or call.origin_id == origin_id for call in calls):
            for call in calls:
                self._join(tx, call, missed)
            return
        for call in calls:
            missed = missed.joined(call.absence)
            call.cancel(tx.call.actor.subject, CancelReason.SUPERSEDED, tx.now)
            self._book.save(tx, call)
        cause = Cause(
            patient_id=absence.patient_id,
            origin_id=origin_id,
            anchor=absence.start_time or tx.now,
            owner=CLINICIANS,
            absence=missed,
        )
        policy = self._policy(tx)
        self._book.plan(tx, [aftercare.after_absence(cause, policy, now=tx.now, is_calm=is_calm)])

    def after_hold(self, tx: Tx, hold: TakeHold) -> None:
        """Somebody is in touch with the patient; one contact per time that they are held."""
        cause = Cause(hold.patient_id, hold.hold_id, tx.now, CLINICIANS)
        policy, deadline = self._policy(tx), hold.contact_deadline
        contact = aftercare.after_hold(cause, policy, now=tx.now, deadline=deadline)
        self._book.plan(tx, [contact])

    def end_hold(self, tx: Tx, hold: EndHold) -> None:
        """They are in the group: the contact of this hold is not needed any more."""
        for contact in self._book.open_of(tx, hold.patient_id, Kind.INDIVIDUAL_CONTACT):
            if contact.origin_id == hold.hold_id:
                contact.cancel(tx.call.actor.subject, CancelReason.PATIENT_CAME, tx.now)
                self._book.save(tx, contact)

    def after_attempt(self, tx: Tx, tried: FollowUp) -> None:
        """Nobody was reached: the next attempt, and after the last one a review."""
        self._book.plan(tx, [aftercare.after_attempt(tried, self._policy(tx), tx.now)])

    def end_absence(self, tx: Tx, came: EndAbsence) -> None:
        """The patient came: a call about what they missed until then is not needed any more."""
        for call in self._book.open_of(tx, came.patient_id, Kind.ABSENCE_CALL):
            if call.absence.ends_with(came.session_id, came.arrive_time):
                call.cancel(tx.call.actor.subject, CancelReason.PATIENT_CAME, tx.now)
                self._book.save(tx, call)

    def after_plan(self, tx: Tx, plan: SafetyPlan, *, was_revised: bool) -> None:
        """A plan was written or gone through: that was every review that was open, and the next
        one has its time."""
        by = tx.call.actor.subject
        outcome = Outcome.PLAN_REVISED if was_revised else Outcome.PLAN_CONFIRMED
        for review in self._book.open_of(tx, plan.patient_id, Kind.SAFETY_PLAN_REVIEW):
            review.settle(by, outcome, tx.now)
            self._book.save(tx, review)
        cause = Cause(plan.patient_id, plan.id, tx.now, Owner(by))
        next_time = plan.review_time or tx.now
        self._book.plan(tx, [aftercare.after_plan(cause, plan.review_count, next_time)])

    def _join(self, tx: Tx, call: FollowUp, missed: Absence) -> None:
        call.absence = call.absence.joined(missed)
        # In any case: whoever closes it at this moment and this must see each other.
        self._book.save(tx, call)

    def _end_older_series(self, tx: Tx, patient_id: str, origin_id: str) -> None:
        for older in self._book.open_of(tx, patient_id, Kind.CARING_CONTACT):
            if older.origin_id != origin_id:
                older.cancel(tx.call.actor.subject, CancelReason.SUPERSEDED, tx.now)
                self._book.save(tx, older)

    def _policy(self, tx: Tx) -> AftercarePolicy:
        return self._policy_of(tx.call.tenant_id).aftercare
