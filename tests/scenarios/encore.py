"""Every RPC that the story does not need, asked once with a valid request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from haven.audit.v1 import audit_pb2
from haven.crisis.v1 import crisis_pb2, on_call_pb2
from haven.crisis.v1 import events_pb2 as crisis_events
from haven.crisis.v1 import resources_pb2 as crisis
from haven.intake.v1 import intake_pb2
from haven.intake.v1 import resources_pb2 as intake
from haven.notify.v1 import notify_pb2, preferences_pb2, resources_pb2
from haven.policy.v1.policy_pb2 import MESSAGE_CLASS_BULK
from haven.scheduling.v1 import scheduling_pb2
from haven.sessions.v1 import resources_pb2 as sessions
from haven.sessions.v1 import sessions_pb2

from chassis.ids import new_id
from cli.demo.cast import ADMINISTRATOR, COORDINATOR, PRIVACY_OFFICER, SUPERVISOR, Story, email_of
from cli.demo.world import Person
from tests.scenarios import aftercare, between
from tests.waiting import eventually

T = TypeVar("T", bound=Message)


def play(story: Story) -> None:
    """Ask them all."""
    for person, request in (*_intake(story), *_scheduling(story), *_crisis(story)):
        story.world.ask(person, request)
    _reveal(story)
    _responders(story)
    _on_call(story)
    _notify(story)
    _sessions(story)
    between.play(story)
    _seats(story)
    _audit(story)
    aftercare.play(story)


def _intake(story: Story) -> list[tuple[Person, Message]]:
    patient, clinician = story.patient("first"), story.people["facilitator"]
    plan = _asked(story, intake_pb2.ActivateCarePlanRequest).care_plan_id
    screening = _asked(story, intake_pb2.CompleteScreeningRequest).screening_id
    return [
        (clinician, intake_pb2.GetPatientRequest(patient_id=patient.subject)),
        (
            COORDINATOR,
            intake_pb2.RecordContactRequest(
                patient_id=patient.subject, email=email_of("first"), time_zone="America/New_York"
            ),
        ),
        (patient, intake_pb2.ListScreeningsRequest(patient_id=patient.subject)),
        (patient, intake_pb2.GetScreeningRequest(screening_id=screening)),
        (COORDINATOR, intake_pb2.GetReferralRequest(referral_id=story.ids["first.referral"])),
        (clinician, intake_pb2.GetCarePlanRequest(care_plan_id=plan)),
        (clinician, intake_pb2.ListCarePlansRequest(patient_id=patient.subject)),
        (clinician, intake_pb2.GetEpisodeRequest(patient_id=patient.subject)),
        (clinician, intake_pb2.ListPatientCasesRequest(patient_id=patient.subject)),
        (
            patient,
            intake_pb2.RevokeConsentRequest(
                patient_id=patient.subject,
                consent_id=_consent(story, patient, intake.CONSENT_SCOPE_MESSAGING),
            ),
        ),
    ]


def _consent(story: Story, patient: Person, scope: intake.ConsentScope.ValueType) -> str:
    admission = story.world.ask(
        patient, intake_pb2.GetAdmissionRequest(patient_id=patient.subject)
    ).admission
    found = (each.consent_id for each in admission.consents if each.scope == scope)
    return str(next(found))


def _reveal(story: Story) -> None:
    """The facilitator must know who stands behind a name; the patient and the officer see it."""
    clinician, patient, ask = story.people["facilitator"], story.patient("first"), story.world.ask
    session = ask(clinician, sessions_pb2.GetSessionRequest(session_id=story.ids["session"]))
    seats = {each.patient_id: each.alias for each in session.session.seats}
    request = intake_pb2.RevealAliasRequest(
        group_id=session.session.group_id,
        alias=seats[patient.subject],
        purpose=intake.REVEAL_PURPOSE_WELFARE_CHECK,
    )
    opened = ask(clinician, request)
    assert opened.identity.legal_name == "Sample First"
    reveal_id = opened.alias_reveal.alias_reveal_id
    again = ask(clinician, intake_pb2.GetAliasRevealRequest(alias_reveal_id=reveal_id))
    assert again == intake_pb2.GetAliasRevealResponse(
        alias_reveal=opened.alias_reveal, identity=opened.identity
    )
    listed = ask(PRIVACY_OFFICER, intake_pb2.ListAliasRevealsRequest(patient_id=patient.subject))
    newest, by_id = listed.alias_reveals  # the story opened who they are by their id
    assert (newest.alias_reveal_id, by_id.alias) == (reveal_id, "")
    told = notify_pb2.ListMessagesRequest(recipient_id=PRIVACY_OFFICER.subject)
    eventually(lambda: len(ask(ADMINISTRATOR, told).messages) == 2, within=20)


def _scheduling(story: Story) -> list[tuple[Person, Message]]:
    patient = story.patient("first")
    clinician = story.people["unlicensed"].subject
    licenses = story.world.ask(
        COORDINATOR, scheduling_pb2.GetClinicianRequest(clinician_id=clinician)
    ).clinician.licenses
    return [
        (COORDINATOR, scheduling_pb2.ListCliniciansRequest()),
        (COORDINATOR, scheduling_pb2.GetGroupRequest(group_id=story.ids["group"])),
        (COORDINATOR, scheduling_pb2.ListGroupsRequest()),
        (COORDINATOR, scheduling_pb2.GetSeriesRequest(series_id=story.ids["series"])),
        (COORDINATOR, scheduling_pb2.ListSeriesRequest(group_id=story.ids["group"])),
        (COORDINATOR, scheduling_pb2.GetSessionRequest(session_id=story.ids["session"])),
        (patient, scheduling_pb2.GetEnrollmentRequest(enrollment_id=story.ids["enrollment"])),
        (patient, scheduling_pb2.ListEnrollmentsRequest(patient_id=patient.subject)),
        (
            patient,
            scheduling_pb2.GetDoseRequest(
                patient_id=patient.subject, date=Date(year=2026, month=11, day=23)
            ),
        ),
        (COORDINATOR, scheduling_pb2.ListLicenseConflictsRequest()),
        (
            COORDINATOR,
            scheduling_pb2.RevokeLicenseRequest(
                clinician_id=clinician, license_id=licenses[0].license_id
            ),
        ),
    ]


def _crisis(story: Story) -> list[tuple[Person, Message]]:
    patient, clinician = story.patient("first"), story.people["facilitator"]
    case = story.ids["first.case"]
    return [
        (clinician, crisis_pb2.GetCaseRequest(case_id=case)),
        (clinician, crisis_pb2.ListCaseActsRequest(case_id=case)),
        (patient, crisis_pb2.GetPatientCaseStatusRequest(patient_id=patient.subject)),
        (
            clinician,
            crisis_pb2.OpenCaseRequest(
                patient_id=story.patient("missing").subject, severity=crisis_events.SEVERITY_LOW
            ),
        ),
        (
            COORDINATOR,
            crisis_pb2.ReportConcernRequest(
                patient_id=story.patient("missing").subject, severity=crisis_events.SEVERITY_LOW
            ),
        ),
        (
            ADMINISTRATOR,
            crisis_pb2.GetEscalationPolicyRequest(severity=crisis_events.SEVERITY_HIGH),
        ),
        (ADMINISTRATOR, crisis_pb2.GetRotationRequest(rotation_id="on-call")),
    ]


def _responders(story: Story) -> None:
    """People who take a case of low severity, ask each other, and say that they cannot."""
    ask, patient_id = story.world.ask, story.patient("missing").subject
    first, second = story.people["facilitator"], story.people["second"]
    cases = ask(first, crisis_pb2.ListCasesRequest(patient_id=patient_id)).cases
    case_id = next(each.case_id for each in cases if each.state != crisis.CASE_STATE_RESOLVED)
    ask(first, crisis_pb2.EscalateCaseRequest(case_id=case_id))
    ask(first, crisis_pb2.AddResponderRequest(case_id=case_id, clinician_id=second.subject))
    ask(first, crisis_pb2.AcknowledgeCaseRequest(case_id=case_id))
    ask(first, crisis_pb2.HandOverCaseRequest(case_id=case_id, clinician_id=second.subject))
    ask(second, crisis_pb2.DeclineCaseRequest(case_id=case_id))
    ask(
        first,
        crisis_pb2.SnoozeCaseRequest(
            case_id=case_id,
            snooze_duration=Duration(seconds=60),
            reason=crisis.SNOOZE_REASON_CONTACT_ARRANGED,
        ),
    )
    known = crisis_pb2.IdentifyPatientRequest(case_id=case_id, patient_id=patient_id)
    refused = story.world.refused(first, known)
    assert refused is not None
    assert refused.reason == "PATIENT_KNOWN"


def _on_call(story: Story) -> None:
    clinician, ask = story.people["facilitator"], story.world.ask
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(datetime.now(UTC) + timedelta(days=200))  # nobody of the story is away
    end.FromDatetime(datetime.now(UTC) + timedelta(days=201))
    period = {"start_time": start, "end_time": end}
    ask(SUPERVISOR, on_call_pb2.ListShiftsRequest(rotation_id="on-call", **period))
    request = on_call_pb2.WhoIsOnCallNowRequest(severity=crisis_events.SEVERITY_HIGH)
    called = [each for rung in ask(SUPERVISOR, request).rungs for each in rung.people]
    # As crisis was told when they were registered and proved.
    presences = [each.contact_point_presence for each in called]
    unproved = on_call_pb2.CONTACT_POINT_PRESENCE_UNPROVED
    expected = [unproved, unproved, on_call_pb2.CONTACT_POINT_PRESENCE_PRESENT]
    assert presences == expected, presences
    ask(SUPERVISOR, on_call_pb2.ListCoverageGapsRequest(rotation_id="on-call"))
    request = on_call_pb2.OptOutRequest(clinician_id=clinician.subject, **period)
    opt_out = ask(clinician, request).opt_out
    ask(SUPERVISOR, on_call_pb2.ListOptOutsRequest(clinician_id=clinician.subject))
    ask(clinician, on_call_pb2.CancelOptOutRequest(opt_out_id=opt_out.opt_out_id))


def _notify(story: Story) -> None:
    recipient = story.people["facilitator"].subject
    ask = story.world.ask
    ask(ADMINISTRATOR, notify_pb2.ListContactPointsRequest(recipient_id=recipient))
    messages = ask(ADMINISTRATOR, notify_pb2.ListMessagesRequest(recipient_id=recipient)).messages
    ask(ADMINISTRATOR, notify_pb2.GetMessageRequest(message_id=messages[0].message_id))
    ask(ADMINISTRATOR, notify_pb2.PreviewMessageRequest(template_id="page"))
    ask(
        ADMINISTRATOR,
        notify_pb2.RedriveMessagesRequest(message_class=MESSAGE_CLASS_BULK, max_count=1),
    )
    # A page is never sent again: crisis asks for a new one.
    again = notify_pb2.ResendMessageRequest(message_id=messages[0].message_id)
    story.world.refused(ADMINISTRATOR, again)
    # Nobody texts in the story: there is no telephone company in it.
    reads = notify_pb2.READ_PURPOSE_CASE_RESPONSE
    nothing = notify_pb2.GetInboundTextRequest(inbound_id=new_id(), purpose=reads)
    story.world.refused(story.people["facilitator"], nothing)
    _wishes(story)


def _wishes(story: Story) -> None:
    patient, ask = story.patient("missing"), story.world.ask
    mine = {"recipient_id": patient.subject}
    ask(patient, preferences_pb2.GetPreferencesRequest(**mine))
    spanish = preferences_pb2.LANGUAGE_SPANISH
    ask(patient, preferences_pb2.PutPreferencesRequest(**mine, language=spanish))
    push = resources_pb2.CHANNEL_PUSH
    ask(patient, preferences_pb2.StopChannelRequest(**mine, channel=push))
    ask(patient, preferences_pb2.ResumeChannelRequest(**mine, channel=push))


def _sessions(story: Story) -> None:
    patient, ask = story.patient("first"), story.world.ask
    ask(
        patient,
        sessions_pb2.GetAttendanceRequest(
            session_id=story.ids["session"], patient_id=patient.subject
        ),
    )
    _sealed_minutes(story)
    signal = ask(
        patient,
        sessions_pb2.RaiseSafetySignalRequest(patient_id=patient.subject),
    ).safety_signal
    ask(patient, sessions_pb2.GetSafetySignalRequest(safety_signal_id=signal.safety_signal_id))
    _places(story)


def _places(story: Story) -> None:
    """Somebody is given a place in a session that lies ahead; nobody is in its room yet."""
    ask, refused, lead = story.world.ask, story.world.refused, story.people["facilitator"]
    series = story.ids["series"]
    ahead = ask(COORDINATOR, scheduling_pb2.ListSessionsRequest(series_id=series)).sessions[-1]
    session_id = ahead.session_id
    observer = sessions_pb2.AddParticipantRequest(
        session_id=session_id, person_id="observer", role=sessions.PARTICIPANT_ROLE_OBSERVER
    )
    assert ask(COORDINATOR, observer).participant.alias == "Observer"
    ask(
        COORDINATOR,
        sessions_pb2.RemoveParticipantRequest(session_id=session_id, person_id="observer"),
    )
    patient_id = story.patient("first").subject
    for request in (
        sessions_pb2.AppointLeadRequest(session_id=session_id, clinician_id=lead.subject),
        sessions_pb2.KeepPhoneLegRequest(session_id=session_id, patient_id=patient_id),
        sessions_pb2.EndPhoneLegRequest(session_id=session_id, patient_id=patient_id),
    ):
        assert refused(lead, request)


def _sealed_minutes(story: Story) -> None:
    """The session is over; the facilitator sets right what its record does not know."""
    lead, mine = (
        story.people["facilitator"],
        {
            "session_id": story.ids["session"],
            "patient_id": story.patient("first").subject,
        },
    )

    def sealed() -> bool:
        asked = sessions_pb2.GetAttendanceRequest(**mine)
        return bool(story.world.ask(lead, asked).attendance.HasField("seal_time"))

    eventually(sealed, within=20)
    reason = sessions.ATTENDANCE_AMEND_REASON_CONNECTION_NOT_RECORDED
    amended = story.world.ask(
        lead,
        sessions_pb2.AmendAttendanceRequest(**mine, counted_seconds=600, reason=reason),
    ).attendance
    assert (amended.counted_seconds, amended.is_intact) == (600, True)


def _seats(story: Story) -> None:
    ask = story.world.ask
    series = story.ids["series"]
    session = ask(COORDINATOR, scheduling_pb2.ListSessionsRequest(series_id=series)).sessions[0]
    ask(
        COORDINATOR,
        scheduling_pb2.SubstituteFacilitatorRequest(
            session_id=session.session_id, facilitator_id=story.people["second"].subject
        ),
    )
    ask(
        COORDINATOR,
        scheduling_pb2.AssignCoFacilitatorsRequest(
            session_id=session.session_id,
            co_facilitator_ids=[story.people["facilitator"].subject],
        ),
    )
    ask(COORDINATOR, scheduling_pb2.CancelSessionRequest(session_id=session.session_id))
    ask(
        SUPERVISOR,
        scheduling_pb2.AssignFacilitatorRequest(
            series_id=series, facilitator_id=story.people["second"].subject
        ),
    )
    ask(
        COORDINATOR,
        scheduling_pb2.CancelEnrollmentRequest(enrollment_id=story.ids["enrollment"]),
    )


def _audit(story: Story) -> None:
    patient = story.patient("first").subject
    for request in (
        audit_pb2.ListAuditEntriesRequest(patient_id=patient),
        audit_pb2.ListPatientAccessesRequest(patient_id=patient),
    ):
        story.world.ask(PRIVACY_OFFICER, request)


def _asked(story: Story, kind: type[T]) -> T:
    """The last request of this kind that was answered."""
    return next(
        each.request
        for each in reversed(story.world.exchanges)
        if isinstance(each.request, kind) and each.response is not None
    )
