"""Who took a consent back and signs again comes in again, whatever order the news arrives in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
from haven.intake.v1 import events_pb2 as intake

from chassis.errors import HavenError
from tests.unit.sessions.ward import Ward, by_patient

Arrives = Callable[[Ward], None]


def signed(version: int, *, scope: str = "treatment", patient_id: str = "p-1") -> Arrives:
    """A patient signs: the consent has an id of its own."""
    event = intake.ConsentRecorded(patient_id=patient_id, consent_id=f"co-{version}", scope=scope)
    return lambda ward: ward.hears(event, version)


def revoked(version: int, *, of: int = 1, scope: str = "treatment") -> Arrives:
    """p-1 takes back the consent that was signed at version `of`."""
    event = intake.ConsentRevoked(patient_id="p-1", consent_id=f"co-{of}", scope=scope)
    return lambda ward: ward.hears(event, version)


def after_all(*news: Arrives) -> Ward:
    """An open room, and the news in this order."""
    ward = Ward()
    ward.opens()
    for arrives in news:
        arrives(ward)
    return ward


def is_let_in(ward: Ward) -> bool:
    """True for a patient whom the door lets in; else the consent is why it does not."""
    try:
        ward.enters(by_patient())
    except HavenError as error:
        if error.reason != "CONSENT_REVOKED":
            raise
        return False
    return True


@pytest.mark.parametrize("scope", ["treatment", "group_participation"])
def test_a_patient_who_signs_again_comes_in_again(scope: str) -> None:
    ward = after_all(signed(1, scope=scope), revoked(2, scope=scope))
    assert not is_let_in(ward)
    signed(3, scope=scope)(ward)
    assert is_let_in(ward)


@pytest.mark.parametrize("order", list(permutations([signed(1), revoked(2), signed(3)])))
def test_a_patient_who_signed_last_comes_in_in_whatever_order_the_news_arrives(
    order: tuple[Arrives, ...],
) -> None:
    assert is_let_in(after_all(*order))


@pytest.mark.parametrize(
    "order", list(permutations([signed(1), revoked(2), signed(3), revoked(4, of=3)]))
)
def test_a_patient_who_revoked_last_stays_out_in_whatever_order_the_news_arrives(
    order: tuple[Arrives, ...],
) -> None:
    assert not is_let_in(after_all(*order))


def test_a_patient_who_signs_again_for_treatment_alone_stays_out_of_the_group() -> None:
    news = [revoked(2), revoked(3, of=1, scope="group_participation")]
    ward = after_all(*news, signed(4))
    assert not is_let_in(ward)


def test_a_peers_signature_opens_no_door_for_the_patient() -> None:
    assert not is_let_in(after_all(revoked(2), signed(3, patient_id="p-2")))


def test_a_signature_of_another_tenant_opens_no_door_here() -> None:
    ward = after_all(revoked(2))
    event = intake.ConsentRecorded(patient_id="p-1", consent_id="co-3", scope="treatment")
    ward.hears(event, 3, tenant_id="south")
    assert not is_let_in(ward)


def test_a_patient_in_the_room_who_revokes_and_signs_again_at_once_may_stay() -> None:
    ward = after_all(signed(1))
    ward.enters(by_patient(), "c-9")
    revoked(2)(ward)
    with pytest.raises(HavenError) as error:
        ward.beats(by_patient(), "c-9")
    assert error.value.reason == "CONSENT_REVOKED"
    signed(3)(ward)
    ward.beats(by_patient(), "c-9")


@pytest.mark.parametrize(("revoked_version", "signed_version"), [(0, 0), (0, 5), (5, 0), (5, 5)])
def test_a_patient_whose_order_of_decisions_is_unknown_stays_out(
    revoked_version: int, signed_version: int
) -> None:
    ward = after_all(signed(signed_version), revoked(revoked_version))
    assert not is_let_in(ward)


def test_a_signature_without_a_patient_or_a_scope_is_parked_instead_of_guessed() -> None:
    for event in (
        intake.ConsentRecorded(consent_id="co-1", scope="treatment"),
        intake.ConsentRecorded(consent_id="co-1", patient_id="p-1"),
    ):
        with pytest.raises(HavenError) as error:
            Ward().hears(event)
        assert error.value.reason == "FIELDS_INVALID"
