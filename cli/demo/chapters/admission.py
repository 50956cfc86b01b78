"""3. The gate: it names what is missing, then opens; withdrawal goes up, by name or not at all."""

from __future__ import annotations

from google.protobuf.message import Message
from haven.intake.v1 import intake_pb2
from haven.intake.v1 import resources_pb2 as intake

from cli.demo.cast import SUPERVISOR, Story, email_of
from cli.demo.chapters.proof import prove
from cli.demo.world import Person, World

# The screener's seven questions, none of them affirmed.
CALM = ("93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9")
ADDRESS = "1 Sample Street, Richmond, VA"
NUMBER = "+18045550100"


def play(story: Story) -> None:
    """Refuse, complete, admit; refer one person up."""
    story.timeline.chapter("3. Admission")
    _refused(story)
    for part in ("first", "second-patient", "missing"):
        _admit(story, part)
    _prove(story, "missing")
    _withdrawal(story)


def _refused(story: Story) -> None:
    request = intake_pb2.AdmitPatientRequest(patient_id=story.patient("first").subject)
    refused = story.world.refused(story.people["facilitator"], request)
    named = " ".join(refused.fields).lower() if refused else ""
    story.timeline.claim(
        "The gate refuses and names each missing gate, among them consent, emergency contact, "
        "location and signature",
        refused is not None
        and refused.reason == "ADMISSION_GATES_MISSING"
        and all(
            gate in named for gate in ("consent", "emergency_contact", "location", "signature")
        ),
        seen=str(refused),
    )


def _admit(story: Story, part: str) -> None:
    admitted = admit(story.world, story.people["facilitator"], story.patient(part).subject)
    story.timeline.claim(
        "With every gate met the patient is admitted",
        admitted.state == intake.ADMISSION_STATE_ADMITTED,
    )


def admit(world: World, clinician: Person, patient_id: str) -> intake.Admission:
    """Meet every gate of one patient, and admit."""
    for request in _evidence(patient_id):
        world.ask(clinician, request)
    admission = world.ask(clinician, intake_pb2.GetAdmissionRequest(patient_id=patient_id))
    for risk in admission.admission.risks:
        if not risk.disposition:
            world.ask(
                clinician,
                intake_pb2.ResolveRiskRequest(
                    patient_id=patient_id,
                    risk_id=risk.risk_id,
                    disposition=intake.RISK_DISPOSITION_SAFETY_PLAN_IN_PLACE,
                ),
            )
    world.ask(clinician, intake_pb2.SignAdmissionRequest(patient_id=patient_id))
    admitted: intake.Admission = world.ask(
        clinician, intake_pb2.AdmitPatientRequest(patient_id=patient_id)
    ).admission
    return admitted


def _prove(story: Story, part: str) -> None:
    patient = story.patient(part)
    prove(story, "The patient's", email_of(part), by=patient, recipient_id=patient.subject)


def _evidence(patient_id: str) -> list[Message]:
    """What the gate asks for: findings, a place, consents, and whom to call where."""
    return [*_findings(patient_id), *_consents(patient_id), *_safety(patient_id)]


def _findings(patient_id: str) -> list[Message]:
    topics = (
        intake.ATTESTATION_TOPIC_PARTICIPATION,
        intake.ATTESTATION_TOPIC_SYMPTOMS_CONTROLLED,
        intake.ATTESTATION_TOPIC_MEDICAL_STABILITY,
    )
    return [
        intake_pb2.SubmitScreeningRequest(
            patient_id=patient_id,
            instrument="c-ssrs-screener",
            instrument_version="1",
            answers=[intake.Answer(item_code=code, value=0) for code in CALM],
        ),
        intake_pb2.RecordLevelOfCareRequest(patient_id=patient_id, level_of_care=placement()),
        intake_pb2.RecordAttestationsRequest(
            patient_id=patient_id,
            attestations=[intake.Attestation(topic=topic, holds=True) for topic in topics],
        ),
        intake_pb2.RecordPlaceCheckRequest(
            patient_id=patient_id,
            place_check=intake.PlaceCheck(
                is_private=True,
                is_stable=True,
                has_headset=True,
                has_camera=True,
                is_driving=False,
                download_kbps=20_000,
                upload_kbps=5_000,
            ),
        ),
    ]


def _consents(patient_id: str) -> list[Message]:
    return [
        intake_pb2.RecordConsentRequest(patient_id=patient_id, scope=scope, text_version="2026-01")
        for scope in (
            intake.CONSENT_SCOPE_TREATMENT,
            intake.CONSENT_SCOPE_TELEHEALTH,
            intake.CONSENT_SCOPE_GROUP_PARTICIPATION,
            intake.CONSENT_SCOPE_MESSAGING,
        )
    ]


def _safety(patient_id: str) -> list[Message]:
    return [
        intake_pb2.RecordEmergencyContactRequest(
            patient_id=patient_id,
            legal_name="Sample Contact",
            phone="+15405550199",
            relationship=intake.RELATIONSHIP_SIBLING,
            has_release=True,
        ),
        intake_pb2.RecordLocationRequest(
            patient_id=patient_id,
            state="VA",
            address=ADDRESS,
            callback_number=NUMBER,
            local_emergency_number="8045550111",
        ),
    ]


def placement(*, withdrawal: bool = False) -> intake.LevelOfCare:
    """A placement result as a clinician enters it."""
    level = "3.7" if withdrawal else "2.1"
    return intake.LevelOfCare(
        framework=intake.FRAMEWORK_ASAM,
        edition="4",
        dimensions=[
            intake.Dimension(code="D1", minimum_level=level if withdrawal else "0"),
            intake.Dimension(code="D2", minimum_level="0"),
            intake.Dimension(code="D3", minimum_level="ANY"),
            intake.Dimension(code="D4", rating="B", minimum_level="2.1"),
            intake.Dimension(code="D5", minimum_level="0"),
        ],
        recommended_level=level,
        actual_level=level,
        withdrawal_needs_management=withdrawal,
        has_complicated_withdrawal_history=False,
        weekly_hours=9,
    )


def _withdrawal(story: Story) -> None:
    world, timeline, clinician = story.world, story.timeline, story.people["facilitator"]
    patient_id = story.patient("withdrawal").subject
    world.ask(
        clinician,
        intake_pb2.RecordLevelOfCareRequest(
            patient_id=patient_id, level_of_care=placement(withdrawal=True)
        ),
    )
    admission = world.ask(
        clinician, intake_pb2.ReferPatientUpRequest(patient_id=patient_id)
    ).admission
    timeline.claim(
        "Who needs medically managed withdrawal is referred up, with reasons",
        admission.state == intake.ADMISSION_STATE_REFERRED_UP
        and bool(admission.referral_up_reasons),
        seen=", ".join(admission.referral_up_reasons),
    )
    refused = world.refused(clinician, intake_pb2.AdmitPatientRequest(patient_id=patient_id))
    timeline.claim(
        "and cannot be admitted",
        refused is not None and any("withdrawal" in gate.lower() for gate in refused.fields),
        seen=str(refused),
    )
    overridden = world.ask(
        SUPERVISOR,
        intake_pb2.OverrideAdmissionGateRequest(
            patient_id=patient_id,
            gate=intake.ADMISSION_GATE_WITHDRAWAL,
            purpose=intake.OVERRIDE_PURPOSE_MANAGED_ELSEWHERE,
        ),
    ).admission
    timeline.claim(
        "unless a supervisor answers for it by name",
        [entry.supervisor_id for entry in overridden.overrides] == [SUPERVISOR.subject],
    )
