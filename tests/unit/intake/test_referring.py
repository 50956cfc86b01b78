"""How a person comes to the program, and how little is kept of who it is."""

from __future__ import annotations

from typing import Any

import pytest
from google.type.date_pb2 import Date
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.call import Role
from chassis.errors import Aborted, InvalidArgument, NotFound, PermissionDenied
from chassis.ids import new_id
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    PARTNER,
    SUPERVISOR,
    TENANT,
    House,
    MirrorCipher,
    a_person,
    a_referral,
)


def test_a_referral_opens_a_patient_and_an_episode_and_tells_how_to_reach_them() -> None:
    house = House()
    referral = house.ask(PARTNER, a_referral()).referral
    patient = house.ask(COORDINATOR, wire.GetPatientRequest(patient_id=referral.patient_id)).patient
    assert (patient.referral_id, patient.has_email) == (referral.referral_id, True)
    admission = house.ask(
        COORDINATOR, wire.GetAdmissionRequest(patient_id=referral.patient_id)
    ).admission
    assert admission.episode_id == patient.episode_id
    told = house.emitted(events.PatientContactRecorded)
    assert [(each.patient_id, each.time_zone) for each in told] == [
        (referral.patient_id, "America/New_York")
    ]
    assert MirrorCipher().reveal(TENANT, told[0].email_ciphertext) == "planted@example.org"


def test_the_same_request_sent_twice_opens_one_referral_and_gives_the_first_answer() -> None:
    house = House()
    request = a_referral(request_id=new_id())
    assert house.ask(PARTNER, request) == house.ask(PARTNER, request)
    assert len(house.documents("referrals")) == 1
    assert len(house.emitted(events.PatientContactRecorded)) == 1


def test_the_same_request_id_with_another_body_is_refused() -> None:
    house, request_id = House(), new_id()
    house.ask(PARTNER, a_referral(request_id=request_id))
    refused = house.refused(PARTNER, a_referral(request_id=request_id, state="MD"))
    assert refused.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"legal_name": "  "}, "legal_name", "REQUIRED"),
        ({"birth_date": None}, "birth_date", "REQUIRED"),
        ({"birth_date": Date(year=1990, month=2, day=30)}, "birth_date", "MALFORMED"),
        ({"birth_date": Date(year=2008, month=3, day=3)}, "birth_date", "BELOW_PROGRAM_AGE"),
        ({"birth_date": Date(year=2030, month=1, day=1)}, "birth_date", "OUT_OF_RANGE"),
        ({"email": "not-an-address"}, "email", "MALFORMED"),
        ({"phone": "540-555-0142"}, "phone", "MALFORMED"),
        ({"email": "", "phone": ""}, "email", "CONTACT_MISSING"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "UNKNOWN"),
        ({"state": "Virginia"}, "state", "STATE_UNKNOWN"),
        ({"track": 0}, "track", "UNSPECIFIED"),
        ({"payer": 0}, "payer", "UNSPECIFIED"),
        ({"payer": 77}, "payer", "UNKNOWN"),
    ],
)
def test_a_referral_at_fault_is_refused_by_field_and_nothing_is_stored(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    house = House()
    refused = house.refused(PARTNER, a_referral(**changes))
    assert isinstance(refused, InvalidArgument)
    assert (field, reason) in {(each.field, each.reason) for each in refused.violations}
    assert house.documents("referrals") == house.documents("patients") == []
    assert house.emitted(events.PatientContactRecorded) == []


def test_somebody_is_an_adult_from_the_birthday_on_in_their_own_zone() -> None:
    # Noon in New York on 2 March 2026: an eighteenth birthday today is in time.
    House().ask(PARTNER, a_referral(birth_date=Date(year=2008, month=3, day=2)))


def test_a_person_can_be_referred_with_a_phone_number_alone() -> None:
    house = House()
    patient = house.patient(email="")
    found = house.ask(patient, wire.GetPatientRequest(patient_id=patient.subject)).patient
    assert (found.has_email, found.has_phone) == (False, True)


def test_a_partner_sees_its_own_referrals_and_no_other_partners() -> None:
    house = House()
    own = house.ask(PARTNER, a_referral()).referral
    other = a_person("another-app", Role.PARTNER)
    theirs = house.ask(other, a_referral()).referral
    listed = house.ask(PARTNER, wire.ListReferralsRequest()).referrals
    assert [each.referral_id for each in listed] == [own.referral_id]
    refused = house.refused(PARTNER, wire.GetReferralRequest(referral_id=theirs.referral_id))
    assert isinstance(refused, NotFound)
    assert len(house.ask(COORDINATOR, wire.ListReferralsRequest()).referrals) == 2


def test_a_list_goes_on_where_its_page_ended() -> None:
    house = House()
    ids = {house.ask(PARTNER, a_referral()).referral.referral_id for _ in range(5)}
    seen, token = [], ""
    while True:
        page = house.ask(PARTNER, wire.ListReferralsRequest(page_size=2, page_token=token))
        seen += [each.referral_id for each in page.referrals]
        token = page.next_page_token
        if not token:
            break
    assert (len(seen), set(seen)) == (5, ids)


def test_a_page_token_of_another_query_is_refused() -> None:
    house = House()
    for _ in range(2):
        house.ask(PARTNER, a_referral())
    token = house.ask(PARTNER, wire.ListReferralsRequest(page_size=1)).next_page_token
    refused = house.refused(COORDINATOR, wire.ListReferralsRequest(page_token=token))
    assert refused.reason == "PAGE_TOKEN_INVALID"


def test_another_tenant_sees_nothing_of_a_patient() -> None:
    house = House()
    patient = house.patient()
    for request in (
        wire.GetPatientRequest(patient_id=patient.subject),
        wire.GetAdmissionRequest(patient_id=patient.subject),
        wire.GetEpisodeRequest(patient_id=patient.subject),
    ):
        assert isinstance(house.refused(COORDINATOR.elsewhere(), request), NotFound)


def test_for_a_patient_other_patients_do_not_exist() -> None:
    house = House()
    ana, ben = house.patient(), house.patient()
    refused = house.refused(ana, wire.GetPatientRequest(patient_id=ben.subject))
    assert isinstance(refused, NotFound)


def test_a_contact_that_changed_is_told_again_and_an_emptied_one_is_gone() -> None:
    house = House()
    patient = house.patient()
    before = house.ask(patient, wire.GetPatientRequest(patient_id=patient.subject)).patient
    after = house.ask(
        patient,
        wire.RecordContactRequest(
            patient_id=patient.subject,
            email="new@example.org",
            time_zone="America/Chicago",
            etag=before.etag,
        ),
    ).patient
    assert (after.has_email, after.has_phone, after.time_zone) == (True, False, "America/Chicago")
    told = house.emitted(events.PatientContactRecorded)[-1]
    assert MirrorCipher().reveal(TENANT, told.email_ciphertext) == "new@example.org"
    assert told.phone_ciphertext == b""


def test_whoever_saw_an_older_contact_does_not_overwrite_the_newer() -> None:
    house = House()
    patient = house.patient()
    seen = house.ask(patient, wire.GetPatientRequest(patient_id=patient.subject)).patient
    request = wire.RecordContactRequest(
        patient_id=patient.subject, email="a@example.org", time_zone="UTC", etag=seen.etag
    )
    house.ask(patient, request)
    request.request_id = new_id()
    refused = house.refused(patient, request)
    assert isinstance(refused, Aborted)
    assert refused.reason == "ETAG_STALE"


def reveal(patient_id: str) -> wire.RevealPatientIdentityRequest:
    return wire.RevealPatientIdentityRequest(
        patient_id=patient_id, purpose=resources.REVEAL_PURPOSE_TREATMENT
    )


def test_a_clinician_sees_who_somebody_is_with_a_purpose_and_until_a_time() -> None:
    house = House()
    patient = house.patient()
    revealed = house.ask(CLINICIAN, reveal(patient.subject))
    assert revealed.identity.legal_name == "Planted Name"
    assert revealed.identity.birth_date == Date(year=1990, month=5, day=17)
    assert revealed.expire_time.ToDatetime().timestamp() > 0
    seconds = revealed.expire_time.seconds - int(house.clock.now().timestamp())
    assert seconds == 900
    entry = house.documents("audit_entries")[-1]
    assert (entry["actor_id"], entry["action"], entry["purpose"], entry["patient_id"]) == (
        "dr-lee",
        "identity.reveal",
        "treatment",
        patient.subject,
    )


def test_nobody_sees_who_somebody_is_without_a_purpose() -> None:
    house = House()
    request = wire.RevealPatientIdentityRequest(patient_id=house.patient().subject)
    refused = house.refused(CLINICIAN, request)
    assert [(each.field, each.reason) for each in refused.violations] == [
        ("purpose", "UNSPECIFIED")
    ]


@pytest.mark.parametrize("person", [PARTNER, COORDINATOR], ids=lambda each: each.subject)
def test_without_a_clinical_role_nobody_is_shown_who_somebody_is(person: Any) -> None:
    house = House()
    patient = house.patient()
    refused = house.refused(person, reveal(patient.subject))
    assert isinstance(refused, PermissionDenied)
    assert house.refused(patient, reveal(patient.subject)).reason == "ROLE_NOT_ALLOWED"


def test_a_supervisor_of_another_tenant_finds_nobody() -> None:
    house = House()
    refused = house.refused(SUPERVISOR.elsewhere(), reveal(house.patient().subject))
    assert isinstance(refused, NotFound)
