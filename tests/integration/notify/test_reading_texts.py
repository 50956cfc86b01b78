"""The words of a text, from the telephone to whoever must read them: real database, keys, gRPC."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import bson
import pytest
from haven.audit.v1 import audit_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import notify_pb2
from pymongo.database import Database

from chassis.call import Role, system_call
from chassis.clock import DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement
from chassis.ids import new_id
from chassis.store import Store
from services.notify.bootstrap import bootstrap
from services.notify.domain.inbound import InboundText
from services.notify.domain.policy import NotifyPolicy
from tests.integration.front import Front

ANA, WORDS = "+15555550100", "the heron stands in the reeds again"
PLANTED = ("heron", ANA)


class Telephone:
    """Hands over what people write, in another process's stead: same database, same keys."""

    def __init__(self, front: Front, database: Database[dict[str, Any]], folder: Path) -> None:
        self._tenant_id = front.tenant_id
        management = KeyManagement.of_file(folder / "master.key")
        self._cipher = FieldCipher(database.client, management, key_vault="keyvault.data_keys")
        clock = DatabaseClock(database.client)
        self._store = Store(database.client, database.name, service="notify", clock=clock)
        policy = NotifyPolicy()
        self._notify = bootstrap(
            store=self._store, policy_of=lambda _: policy, cipher=self._cipher, providers={}
        )
        self._texts = database.inbound_texts

    def seal(self, text: str) -> bytes:
        """The tenant's ciphertext of it."""
        return self._cipher.encrypt(self._tenant_id, text)

    def text(self, words: str) -> str:
        """Ana writes; the id of what she wrote."""
        reference = new_id()
        call = system_call(self._tenant_id, service="notify", action="callback.text")
        self._notify.inbound.take(call, InboundText("twilio", reference, ANA, words))
        (kept,) = self._texts.find({}, {"_id": 1}).sort("create_time", -1).limit(1)
        return str(kept["_id"])

    def close(self) -> None:
        """End what was opened."""
        self._store.close()
        self._cipher.close()


@pytest.fixture
async def telephone(front: Front, database: Database[dict[str, Any]], tmp_path: Path) -> Any:
    telephone = Telephone(front, database, tmp_path)
    event = intake_pb2.PatientContactRecorded(
        patient_id="p-1", phone_ciphertext=await asyncio.to_thread(telephone.seal, ANA)
    )
    await front.tell(event)
    yield telephone
    telephone.close()


async def written(telephone: Telephone, words: str = WORDS) -> str:
    return await asyncio.to_thread(telephone.text, words)


def reading(inbound_id: str, purpose: Any = notify_pb2.READ_PURPOSE_TEXT_REVIEW) -> Any:
    return notify_pb2.GetInboundTextRequest(inbound_id=inbound_id, purpose=purpose)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.SUPERVISOR])
async def test_whoever_must_read_a_text_reads_it_and_is_seen_to(
    front: Front, telephone: Telephone, role: Any
) -> None:
    inbound_id = await written(telephone)
    shown = (await front.caller("dr-one", role).ask(reading(inbound_id))).inbound_text

    assert (shown.words, list(shown.patient_ids)) == (WORDS, ["p-1"])
    patient = front.caller("p-1", Role.PATIENT)
    trail = await patient.ask(audit_pb2.ListPatientAccessesRequest(patient_id="p-1"))
    newest = trail.audit_entries[0]
    assert (newest.action, newest.actor_id) == ("inbound-text.reveal", "dr-one")
    assert newest.purpose == "text_review"


@pytest.mark.parametrize(
    "role",
    [
        Role.PATIENT,
        Role.PARTNER,
        Role.COORDINATOR,
        Role.ADMINISTRATOR,
        Role.PRIVACY_OFFICER,
    ],
)
async def test_whoever_does_not_need_the_words_is_refused(
    front: Front, telephone: Telephone, role: Any
) -> None:
    refused = await front.caller("p-1", role).refused(reading(await written(telephone)))

    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_for_another_tenant_the_text_does_not_exist(
    front: Front, telephone: Telephone
) -> None:
    inbound_id = await written(telephone)
    stranger = front.caller("dr-one", Role.CLINICIAN, tenant_id="harbor")

    assert (await stranger.refused(reading(inbound_id))).code == "NOT_FOUND"


async def test_nobody_reads_without_saying_which_text_and_why(front: Front) -> None:
    clinician = front.caller("dr-one", Role.CLINICIAN)
    refused = await clinician.refused(notify_pb2.GetInboundTextRequest())

    assert (refused.reason, refused.fields) == ("FIELDS_INVALID", ["inbound_id", "purpose"])


async def test_words_whose_ciphertext_is_broken_are_refused_by_name(
    front: Front, telephone: Telephone, database: Database[dict[str, Any]]
) -> None:
    inbound_id = await written(telephone)
    database.inbound_texts.update_one({}, {"$set": {"text_ciphertext": b"not a ciphertext"}})
    refused = await front.caller("dr-one", Role.CLINICIAN).refused(reading(inbound_id))

    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CIPHERTEXT_FOREIGN")


async def test_words_and_number_are_nowhere_but_in_the_answer(
    front: Front, telephone: Telephone, database: Database[dict[str, Any]], capfd: Any
) -> None:
    inbound_id = await written(telephone)
    shown = await front.caller("dr-one", Role.CLINICIAN).ask(reading(inbound_id))
    assert PLANTED[0] in shown.inbound_text.words

    stored = [
        bson.encode(row)
        for name in database.list_collection_names()
        for row in database[name].find()
    ]
    printed = capfd.readouterr()
    everywhere = b"".join(stored) + f"{printed.out}{printed.err}".encode()
    assert stored
    assert [each for each in PLANTED if each.encode() in everywhere] == []
    assert ANA not in str(shown)
