"""Wishes and proofs as people meet them: through tokens and gRPC, over a real database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import notify_pb2
from haven.notify.v1 import preferences_pb2 as pb
from haven.notify.v1 import resources_pb2 as resource

from chassis.call import Role
from chassis.crypto import FieldCipher, KeyManagement
from chassis.ids import new_id
from tests.integration.front import Front, Refused

EMAIL, SMS = resource.CHANNEL_EMAIL, resource.CHANNEL_SMS


@pytest.fixture
def cipher(front: Front, mongo_client: Any, tmp_path: Path) -> Any:
    """The tenant's own key, as the processes have it."""
    opened = FieldCipher(mongo_client, KeyManagement.of_file(tmp_path / "master.key"))
    yield opened
    opened.close()


@pytest.fixture
async def ana(front: Front, cipher: Any) -> Any:
    """A patient of whom intake has told."""
    contact = intake_pb2.PatientContactRecorded(
        patient_id="p-1",
        email_ciphertext=cipher.encrypt(front.tenant_id, "ana@mail.example"),
        phone_ciphertext=cipher.encrypt(front.tenant_id, "+15555550100"),
        time_zone="America/Chicago",
    )
    await front.tell(contact)
    return front.caller("p-1", Role.PATIENT)


def code_in(database: Any, cipher: Any, tenant_id: str) -> str:
    """The code of the last message; it rests as ciphertext alone."""
    (enclosure,) = database.enclosures.find({}).sort("create_time", -1).limit(1)
    sealed = bytes(enclosure["values_ciphertext"])
    return str(json.loads(cipher.reveal(tenant_id, sealed))["code"])


async def test_a_patient_says_what_they_wish(ana: Any) -> None:
    wishes = pb.PutPreferencesRequest(
        recipient_id="p-1",
        language=pb.LANGUAGE_SPANISH,
        channels=[SMS],
        hours=pb.AllowedHours(start_minute=600, end_minute=1080),
    )
    put = (await ana.ask(wishes)).preferences

    assert (await ana.ask(pb.GetPreferencesRequest(recipient_id="p-1"))).preferences == put
    assert (put.language, put.hours.end_minute) == (pb.LANGUAGE_SPANISH, 1080)


async def test_a_patients_wishes_are_nobody_elses(front: Front, ana: Any) -> None:
    stranger = front.caller("p-2", Role.PATIENT)

    for request in (
        pb.GetPreferencesRequest(recipient_id="p-1"),
        pb.StopChannelRequest(recipient_id="p-1", channel=SMS),
        pb.StartVerificationRequest(recipient_id="p-1", channel=SMS),
    ):
        assert (await stranger.refused(request)).code == "NOT_FOUND"


async def test_a_code_proves_an_address_once(
    front: Front, ana: Any, cipher: Any, database: Any
) -> None:
    await ana.ask(pb.StartVerificationRequest(recipient_id="p-1", channel=EMAIL))
    code = code_in(database, cipher, front.tenant_id)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    answers = [
        await ana.ask(pb.ConfirmVerificationRequest(recipient_id="p-1", channel=EMAIL, code=each))
        for each in (wrong, code, code)
    ]

    assert [answer.outcome for answer in answers] == [
        pb.VERIFICATION_OUTCOME_WRONG,
        pb.VERIFICATION_OUTCOME_VERIFIED,
        pb.VERIFICATION_OUTCOME_EXPIRED,
    ]
    seen = (await ana.ask(pb.GetPreferencesRequest(recipient_id="p-1"))).preferences
    assert list(seen.verified_channels) == [EMAIL]


async def test_a_repeated_wrong_try_counts_once(
    front: Front, ana: Any, cipher: Any, database: Any
) -> None:
    await ana.ask(pb.StartVerificationRequest(recipient_id="p-1", channel=EMAIL))
    code = code_in(database, cipher, front.tenant_id)
    wrong = pb.ConfirmVerificationRequest(
        request_id=new_id(),
        recipient_id="p-1",
        channel=EMAIL,
        code=f"{(int(code) + 1) % 1_000_000:06}",
    )

    answers = [await ana.ask(wrong) for _ in range(9)]

    assert {answer.tries_left for answer in answers} == {4}


async def test_many_tries_at_once_are_no_more_than_five(
    front: Front, ana: Any, cipher: Any, database: Any
) -> None:
    await ana.ask(pb.StartVerificationRequest(recipient_id="p-1", channel=EMAIL))
    code = code_in(database, cipher, front.tenant_id)

    async def guess(n: int) -> int:
        request = pb.ConfirmVerificationRequest(
            recipient_id="p-1", channel=EMAIL, code=f"{(int(code) + n) % 1_000_000:06}"
        )
        try:
            return int((await ana.ask(request)).outcome)
        except Refused as error:
            assert error.code == "ABORTED"  # noqa: PT017
            return 0

    outcomes = await asyncio.gather(*(guess(n) for n in range(1, 12)))

    assert outcomes.count(pb.VERIFICATION_OUTCOME_WRONG) <= 5


async def test_codes_cannot_be_asked_for_without_end(ana: Any) -> None:
    request = pb.StartVerificationRequest(recipient_id="p-1", channel=EMAIL)
    for _ in range(3):
        request.request_id = ""
        await ana.ask(request)
    request.request_id = ""

    refused = await ana.refused(request)

    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "VERIFICATION_TOO_OFTEN")


async def test_a_stop_that_staff_pass_on_holds_until_its_owner_takes_it_back(
    front: Front, ana: Any
) -> None:
    coordinator = front.caller("c-1", Role.COORDINATOR)
    stop = pb.StopChannelRequest(recipient_id="p-1", channel=EMAIL)
    stopped = (await coordinator.ask(stop)).preferences
    refused = await front.caller("dr-one", Role.CLINICIAN).refused(
        pb.ResumeChannelRequest(recipient_id="p-1", channel=EMAIL)
    )
    resumed = await ana.ask(pb.ResumeChannelRequest(recipient_id="p-1", channel=EMAIL))

    assert list(stopped.stopped_channels) == [EMAIL]
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "PREFERENCES_OF_ANOTHER")
    assert list(resumed.preferences.stopped_channels) == []


async def test_no_address_rests_or_is_answered_in_the_clear(
    front: Front, ana: Any, database: Any
) -> None:
    await ana.ask(pb.StartVerificationRequest(recipient_id="p-1", channel=SMS))
    administrator = front.caller("admin", Role.ADMINISTRATOR)
    await administrator.ask(
        notify_pb2.RegisterContactPointRequest(
            recipient_id="dr-one", channel=EMAIL, address="lee@staff.example"
        )
    )

    everything = str([list(database[name].find({})) for name in database.list_collection_names()])

    assert "555550100" not in everything
    assert "ana@mail" not in everything
    assert "lee@staff" not in everything


async def test_another_tenant_knows_nobody_here(front: Front, ana: Any) -> None:
    theirs = front.caller("p-1", Role.PATIENT, tenant_id="harbor")

    for request in (
        pb.GetPreferencesRequest(recipient_id="p-1"),
        pb.PutPreferencesRequest(recipient_id="p-1", language=pb.LANGUAGE_SPANISH),
        pb.StopChannelRequest(recipient_id="p-1", channel=SMS),
        pb.ResumeChannelRequest(recipient_id="p-1", channel=EMAIL),
        pb.StartVerificationRequest(recipient_id="p-1", channel=SMS),
        pb.ConfirmVerificationRequest(recipient_id="p-1", channel=SMS, code="123456"),
    ):
        assert (await theirs.refused(request)).code == "NOT_FOUND", request
