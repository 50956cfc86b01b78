"""A ticket opens a door once, for one person; a resume token opens it again for a while."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.call import Call, RequestOnce
from chassis.errors import HavenError, PermissionDenied, ResourceExhausted
from services.sessions.domain.commands import Lead
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.ticket import MOST_TICKETS, hash_of
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

KEY = "6f1c2c2e-8b6a-4c0e-9a53-0d1f5f1c9b11"


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.opens()
    return made


def refused(ward: Ward, call: Call, **brought: str) -> HavenError:
    with pytest.raises(HavenError) as error:
        ward.enters(call, **brought)
    return error.value


def test_a_ticket_lets_its_owner_in_once(ward: Ward) -> None:
    ticket = ward.ticket(by_patient())
    ward.enters(by_patient(), join_ticket=ticket)
    error = refused(ward, by_patient(), join_ticket=ticket)
    assert (error.reason, error.metadata["help"]) == ("TICKET_USED", "GET_TICKET")


def test_the_token_alone_opens_no_door(ward: Ward) -> None:
    assert refused(ward, by_patient(), join_ticket="").reason == "TICKET_REQUIRED"
    assert refused(ward, by_facilitator(), join_ticket="").reason == "TICKET_REQUIRED"


def test_a_tenant_whose_clients_bring_none_yet_can_go_on_for_a_while() -> None:
    ward = Ward({"is_ticket_required": False})
    ward.opens()
    token = ward.enters(by_patient(), join_ticket="").resume_token
    assert ward.enters(by_patient(), resume_token=token).was_present
    assert refused(ward, by_patient(), resume_token="guessed").reason == "RESUME_UNKNOWN"


def test_a_ticket_lasts_ninety_seconds(ward: Ward) -> None:
    ticket = ward.ticket(by_patient())
    ward.pass_time(seconds=89)
    ward.enters(by_patient(), join_ticket=ticket)
    late = ward.ticket(by_patient())
    ward.pass_time(seconds=90)
    assert refused(ward, by_patient(), join_ticket=late).reason == "TICKET_EXPIRED"


def test_nobody_can_use_the_ticket_of_somebody_else_and_it_stays_good(ward: Ward) -> None:
    ticket = ward.ticket(by_patient("p-1"))
    error = refused(ward, by_patient("p-2"), join_ticket=ticket)
    assert (type(error), error.reason) == (PermissionDenied, "TICKET_MISMATCH")
    assert refused(ward, by_facilitator(), join_ticket=ticket).reason == "TICKET_MISMATCH"
    assert ward.enters(by_patient("p-1"), join_ticket=ticket).alias == "Blue Heron 4"


def test_a_ticket_of_another_session_does_not_open_this_one(ward: Ward) -> None:
    ward.schedules(session_id="s-2")
    ticket = ward.ticket(by_patient(), "s-2")
    assert ticket
    assert refused(ward, by_patient(), join_ticket=ticket).reason == "TICKET_MISMATCH"


def test_what_is_no_ticket_is_unknown(ward: Ward) -> None:
    assert refused(ward, by_patient(), join_ticket="x" * 64).reason == "TICKET_UNKNOWN"


def test_a_refused_hello_leaves_the_ticket_as_it_is() -> None:
    ward = Ward()
    ward.schedules()
    ward.names("p-1", "Blue Heron 4")
    ward.starts()
    ticket = ward.ticket(by_patient())
    assert refused(ward, by_patient(), join_ticket=ticket).reason == "LOCATION_STALE"
    ward.attests()
    assert not ward.enters(by_patient(), join_ticket=ticket).is_waiting


def test_the_same_request_gives_the_same_ticket_and_another_one_another(ward: Ward) -> None:
    first = ward.ticket(by_patient(), request_id=KEY)
    assert ward.ticket(by_patient(), request_id=KEY) == first
    others = {ward.ticket(by_patient()), ward.ticket(by_patient("p-2"), request_id=KEY), first}
    assert len(others) == 3
    assert len(ward.store.documents("join_tickets")) == 3


def test_no_secret_is_kept_anywhere(ward: Ward) -> None:
    ticket = ward.ticket(by_patient())
    token = ward.enters(by_patient(), join_ticket=ticket).resume_token
    kept = repr([ward.store.documents(each) for each in ("join_tickets", "participants")])
    kept += repr(ward.store.documents("idempotency_keys")) + repr(ward.store.outbox())
    assert ticket not in kept
    assert token not in kept
    assert hash_of(ticket) in kept
    assert hash_of(token) in kept


def test_a_ticket_is_made_only_for_who_is_expected(ward: Ward) -> None:
    def reason(call: Call, session_id: str = "s-1") -> str:
        once = RequestOnce(KEY, "CreateJoinTicket", b"", bytes)
        with pytest.raises(HavenError) as error:
            ward.sessions.tickets.create(replace(call, once=once), Lead(session_id))
        return error.value.reason

    assert reason(by_patient("p-9")) == "NOT_FOUND"
    assert reason(by_facilitator(), "s-9") == "NOT_FOUND"
    assert reason(a_call("p-1", tenant_id="south")) == "NOT_FOUND"
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert reason(by_patient()) == "SESSION_ENDED"


def test_tickets_cannot_be_heaped_up(ward: Ward) -> None:
    for _ in range(MOST_TICKETS):
        ward.ticket(by_patient())
    with pytest.raises(ResourceExhausted):
        ward.ticket(by_patient())
    ward.pass_time(seconds=90)
    assert ward.ticket(by_patient())
    assert len(ward.store.documents("join_tickets")) == 1


def test_tickets_go_with_their_session(ward: Ward) -> None:
    ward.enters(by_patient())
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    ward.rings()
    assert not ward.store.documents("join_tickets")
    assert not ward.store.documents("join_ticket_uses")


def test_who_comes_again_needs_no_ticket(ward: Ward) -> None:
    token = ward.enters(by_patient()).resume_token
    for _ in range(3):
        again = ward.enters(by_patient(), resume_token=token)
        assert (again.was_present, again.resume_token) == (True, token)


def test_each_heartbeat_keeps_the_resume_token_good(ward: Ward) -> None:
    token = ward.enters(by_patient(), "c-1").resume_token
    ward.pass_time(minutes=14)
    ward.beats(by_patient(), "c-1")
    ward.pass_time(minutes=14)
    assert ward.enters(by_patient(), resume_token=token).resume_token == token
    ward.pass_time(minutes=15)
    error = refused(ward, by_patient(), resume_token=token)
    assert (error.reason, error.metadata["help"]) == ("RESUME_EXPIRED", "GET_TICKET")


def test_a_resume_token_is_good_for_its_owner_alone(ward: Ward) -> None:
    token = ward.enters(by_patient("p-1")).resume_token
    assert refused(ward, by_patient("p-2"), resume_token=token).reason == "RESUME_UNKNOWN"


def test_the_device_that_came_last_is_the_one_that_can_come_again(ward: Ward) -> None:
    phone = ward.enters(by_patient()).resume_token
    laptop = ward.enters(by_patient()).resume_token
    assert refused(ward, by_patient(), resume_token=phone).reason == "RESUME_UNKNOWN"
    assert ward.enters(by_patient(), resume_token=laptop)


def test_a_ticket_helps_where_the_resume_token_does_not(ward: Ward) -> None:
    ticket = ward.ticket(by_patient())
    fresh = ward.enters(by_patient(), resume_token="of another time", join_ticket=ticket)
    assert fresh.resume_token not in {"", "of another time"}


def test_a_ticket_that_was_not_needed_stays_good(ward: Ward) -> None:
    token, spare = ward.enters(by_patient()).resume_token, ward.ticket(by_patient())
    ward.enters(by_patient(), resume_token=token, join_ticket=spare)
    assert ward.enters(by_patient(), join_ticket=spare).resume_token != token


def test_who_waits_is_let_in_on_the_same_connection_without_another_ticket() -> None:
    ward = Ward()
    ward.prepares()
    assert ward.enters(by_patient(), "c-1").is_waiting
    ward.starts()
    assert not ward.enters(by_patient(), "c-1", is_again=True).is_waiting


def test_a_connection_that_was_replaced_cannot_ask_again(ward: Ward) -> None:
    ward.enters(by_patient(), "c-1")
    ward.enters(by_patient(), "c-2")
    with pytest.raises(HavenError) as error:
        ward.enters(by_patient(), "c-1", is_again=True)
    assert error.value.reason == "CONNECTION_REPLACED"


@pytest.mark.parametrize("seconds", [59.0, 121.0])
def test_a_tenant_can_choose_from_one_to_two_minutes(seconds: float) -> None:
    with pytest.raises(ValueError, match="from 60 to 120"):
        SessionsPolicy(join_ticket_seconds=seconds)
