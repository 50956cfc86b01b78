"""Every RPC of safety plans, follow-ups, places, the queue and discharge that no story needs."""

from __future__ import annotations

from google.type.date_pb2 import Date
from haven.crisis.v1 import follow_ups_pb2 as follow_ups
from haven.crisis.v1 import jurisdictions_pb2 as jurisdictions
from haven.crisis.v1 import person_queue_pb2 as queue
from haven.crisis.v1 import resources_pb2 as crisis
from haven.crisis.v1 import safety_plans_pb2 as safety_plans
from haven.intake.v1 import intake_pb2

from cli.demo.cast import ADMINISTRATOR, SUPERVISOR, Story

LONG_AGO = Date(year=2026, month=1, day=2)


def play(story: Story) -> None:
    """Ask them all."""
    _plan(story)
    _follow_ups(story)
    _places(story)
    _queue(story)
    _discharge(story)


def _plan(story: Story) -> None:
    ask, clinician = story.world.ask, story.people["second"]
    patient_id = story.people["second-patient"].subject
    ask(clinician, safety_plans.ReviewSafetyPlanRequest(patient_id=patient_id))
    ask(clinician, safety_plans.GetSafetyPlanVersionRequest(patient_id=patient_id, plan_version=1))
    ask(clinician, safety_plans.ListSafetyPlanVersionsRequest(patient_id=patient_id))


def _follow_ups(story: Story) -> None:
    ask, clinician = story.world.ask, story.people["second"]
    patient_id = story.people["second-patient"].subject
    listed = ask(clinician, follow_ups.ListFollowUpsRequest(patient_id=patient_id)).follow_ups
    of_kind = {each.kind: each.follow_up_id for each in listed}
    note = of_kind[follow_ups.FOLLOW_UP_KIND_CRISIS_NOTE]
    ask(clinician, follow_ups.GetFollowUpRequest(follow_up_id=note))
    ask(
        clinician,
        follow_ups.ReassignFollowUpRequest(
            follow_up_id=note,
            owner=follow_ups.FollowUpOwner(clinician_id=story.people["facilitator"].subject),
        ),
    )
    ask(
        clinician,
        follow_ups.CompleteFollowUpRequest(
            follow_up_id=note, outcome=follow_ups.FOLLOW_UP_OUTCOME_WRITTEN
        ),
    )
    ask(
        SUPERVISOR,
        follow_ups.CancelFollowUpRequest(
            follow_up_id=of_kind[follow_ups.FOLLOW_UP_KIND_CARING_CONTACT],
            cancel_reason=follow_ups.FOLLOW_UP_CANCEL_REASON_PATIENT_DECLINES,
        ),
    )


def _places(story: Story) -> None:
    ask = story.world.ask
    entry = jurisdictions.LocalNumberEntry(
        kind=crisis.LOCAL_NUMBER_KIND_PSAP,
        name="a fictional dispatch",
        phone="+12025550100",
        verified_date=LONG_AGO,
    )
    ask(ADMINISTRATOR, jurisdictions.PutLocalNumbersRequest(state="VA", numbers=[entry]))
    ask(
        ADMINISTRATOR,
        jurisdictions.PutDutyToWarnRequest(
            state="VA",
            rule=crisis.DUTY_TO_WARN_RULE_PERMISSIVE,
            source="a fictional statute",
            verified_date=LONG_AGO,
        ),
    )
    ask(ADMINISTRATOR, jurisdictions.GetJurisdictionRequest(state="VA"))


def _queue(story: Story) -> None:
    ask, patient, clinician = story.world.ask, story.patient("first"), story.people["facilitator"]
    ask(patient, queue.RequestPersonRequest(patient_id=patient.subject))
    ask(patient, queue.LeavePersonQueueRequest(patient_id=patient.subject))
    ask(patient, queue.RequestPersonRequest(patient_id=patient.subject))
    ask(clinician, queue.ListPersonRequestsRequest())
    taken = ask(clinician, queue.TakeNextPersonRequest()).person_request
    ask(patient, queue.GetPersonRequestRequest(patient_id=patient.subject))
    ask(
        clinician,
        queue.FinishPersonRequestRequest(person_request_id=taken.person_request_id),
    )


def _discharge(story: Story) -> None:
    """Last of all: for this patient the program is over."""
    patient_id = story.patient("first").subject
    story.world.ask(
        story.people["facilitator"], intake_pb2.DischargePatientRequest(patient_id=patient_id)
    )
