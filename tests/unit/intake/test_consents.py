"""Consents: signed, superseded, revoked, signed again; what others hear of it."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.ids import new_id
from tests.unit.intake.house import (
    House,
)


def test_a_consent_is_signed_superseded_and_revoked() -> None:
    house = House()
    ana = house.patient()
    request = wire.RecordConsentRequest(
        patient_id=ana.subject, scope=resources.CONSENT_SCOPE_MESSAGING, text_version="2026-01"
    )
    first = house.ask(ana, request).consent
    request.request_id = ""
    second = house.ask(ana, request).consent
    assert (second.recorder_id, second.scope) == (ana.subject, request.scope)
    stale = wire.RevokeConsentRequest(patient_id=ana.subject, consent_id=first.consent_id)
    assert house.refused(ana, stale).reason == "CONSENT_SUPERSEDED"
    revoke = wire.RevokeConsentRequest(patient_id=ana.subject, consent_id=second.consent_id)
    assert house.ask(ana, revoke).consent.HasField("revoke_time")
    [told] = house.emitted(events.ConsentRevoked)
    assert (told.consent_id, told.scope) == (second.consent_id, "messaging")


def test_others_hear_of_a_patient_who_revokes_and_signs_again_in_this_order() -> None:
    house = House()
    ana = house.patient()
    request = wire.RecordConsentRequest(
        patient_id=ana.subject, scope=resources.CONSENT_SCOPE_TREATMENT, text_version="2026-01"
    )
    first = house.ask(ana, request).consent
    revoke = wire.RevokeConsentRequest(patient_id=ana.subject, consent_id=first.consent_id)
    house.ask(ana, revoke)
    request.request_id = ""
    second = house.ask(ana, request).consent
    told = house.emitted(events.ConsentRecorded)
    assert [each.consent_id for each in told] == [first.consent_id, second.consent_id]
    assert {(each.patient_id, each.scope) for each in told} == {(ana.subject, "treatment")}
    assert told[1].sign_time == second.sign_time
    rows = [row for row in house.documents("outbox") if ".Consent" in row["type"]]
    versions = [row["aggregate_version"] for row in rows]
    assert versions == sorted(set(versions))
    assert len({row["aggregate_id"] for row in rows}) == 1


def test_a_consent_sent_twice_is_told_once() -> None:
    house = House()
    ana = house.patient()
    request = wire.RecordConsentRequest(
        patient_id=ana.subject,
        scope=resources.CONSENT_SCOPE_TREATMENT,
        text_version="2026-01",
        request_id=new_id(),
    )
    assert house.ask(ana, request) == house.ask(ana, request)
    assert len(house.emitted(events.ConsentRecorded)) == 1


def test_a_disclosure_consent_says_what_part_2_asks() -> None:
    house = House()
    ana = house.patient(track=resources.TRACK_SUBSTANCE_USE)
    request = wire.RecordConsentRequest(
        patient_id=ana.subject,
        scope=resources.CONSENT_SCOPE_PART2_DISCLOSURE,
        text_version="2026-01",
        part2_elements=resources.Part2Elements(
            discloser="program", information=["attendance"], purpose="payment", end="date"
        ),
    )
    refused = house.refused(ana, request)
    assert {each.field for each in refused.violations} == {
        "part2_elements.recipients",
        "part2_elements.expire_time",
    }
    request.part2_elements.recipients.append("payers")
    request.expire_time.CopyFrom(Timestamp(seconds=2_000_000_000))
    signed = house.ask(ana, request).consent
    assert list(signed.part2_elements.recipients) == ["payers"]


def test_a_part_2_element_is_a_code_and_never_narrative() -> None:
    house = House()
    ana = house.patient()
    request = wire.RecordConsentRequest(
        patient_id=ana.subject,
        scope=resources.CONSENT_SCOPE_PART2_DISCLOSURE,
        text_version="2026-01",
        part2_elements=resources.Part2Elements(
            discloser="My program", information=["What I said"], end="someday"
        ),
    )
    refused = house.refused(ana, request)
    assert {(each.field, each.reason) for each in refused.violations} == {
        ("part2_elements.discloser", "MALFORMED"),
        ("part2_elements.information[0]", "MALFORMED"),
        ("part2_elements.end", "UNKNOWN"),
    }
