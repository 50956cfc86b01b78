"""A name is opened, read and closed on a real database; the patient and the officers see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bson
from haven.audit.v1 import audit_pb2, audit_pb2_grpc
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from haven.scheduling.v1 import events_pb2 as scheduling
from pymongo import MongoClient
from pymongo.database import Database

from chassis.auth.issuer import Issuer
from chassis.call import Role
from chassis.clock import FixedClock
from chassis.rpc.channel import open_async_channel
from chassis.rpc.server import Server
from tests.integration.intake.conftest import Ids
from tests.integration.intake.desk import Desk, Neighbor
from tests.integration.intake.test_api import bodies, referred
from tests.unit.intake.house import CLINICIAN, House
from tests.unit.intake.test_privacy import PLANTED
from tests.unit.intake.test_reveals import GROUP, asking, reading, seconds

Desks = Callable[..., Desk]
Mongo = Database[dict[str, Any]]


def test_a_reveal_ends_on_its_millisecond_by_the_store_s_clock(
    house: House, mongo_client: MongoClient[dict[str, Any]], test_name: str
) -> None:
    house.store.clock = clock = FixedClock(house.store.clock.now())
    patient = house.patient()
    house.hear(scheduling.SeriesEnrolled(patient_id=patient.subject, group_id=GROUP))
    alias = mongo_client[test_name].aliases.find_one()["alias"]  # type: ignore[index]
    reveal = house.ask(CLINICIAN, asking(alias, reveal_duration=seconds(60))).alias_reveal
    again = reading(reveal.alias_reveal_id)

    clock.advance(timedelta(seconds=59.999))
    assert house.ask(CLINICIAN, again).identity.legal_name == "Planted Name"
    clock.advance(timedelta(milliseconds=1))
    assert house.refused(CLINICIAN, again).reason == "REVEAL_EXPIRED"
    # What is over is opened anew, for a reason of its own.
    assert house.ask(CLINICIAN, asking(alias)).identity.legal_name == "Planted Name"


async def test_one_call_opens_it_with_its_trail_and_nothing_of_it_rests_in_plain(
    desk: Desks, neighbor: Neighbor, database: Mongo
) -> None:
    ana = await referred(desk)
    await neighbor.tells(scheduling.SeriesEnrolled(patient_id=ana.subject, group_id=GROUP))
    (alias,) = [each.alias for each in bodies(database, events.AliasAssigned)]
    clinician = desk(Role.CLINICIAN, subject="dr-lee")
    request = asking(alias, purpose=resources.REVEAL_PURPOSE_CRISIS)

    together = await asyncio.gather(*(clinician.ask(request) for _ in range(4)))
    assert {each.SerializeToString() for each in together} == {together[0].SerializeToString()}
    assert together[0].identity.legal_name == "Planted Name"
    assert database.alias_reveals.count_documents({}) == 1
    assert len(bodies(database, events.AliasRevealed)) == 1
    opened = database.audit_entries.find_one({"action": "alias.reveal"})
    assert opened is not None
    assert (opened["patient_id"], opened["purpose"]) == (ana.subject, "crisis")
    for name in await asyncio.to_thread(database.list_collection_names):
        for document in database[name].find():
            for planted in PLANTED:
                assert planted.encode() not in bson.encode(document), name

    other = desk(Role.SUPERVISOR, subject="dr-may")
    reveal_id = together[0].alias_reveal.alias_reveal_id
    assert (await other.refusal(reading(reveal_id))).code == "NOT_FOUND"
    assert (await clinician.ask(reading(reveal_id))).identity == together[0].identity


async def test_the_patient_reads_who_opened_the_name_and_the_officer_reads_it_too(  # noqa: PLR0917
    desk: Desks, neighbor: Neighbor, database: Mongo, api: Server, issuer: Issuer, tenants: Ids
) -> None:
    ana = await referred(desk)
    await neighbor.tells(scheduling.SeriesEnrolled(patient_id=ana.subject, group_id=GROUP))
    (alias,) = [each.alias for each in bodies(database, events.AliasAssigned)]
    purpose = resources.REVEAL_PURPOSE_WELFARE_CHECK
    clinician = desk(Role.CLINICIAN, subject="dr-lee")
    reveal = (await clinician.ask(asking(alias, purpose=purpose))).alias_reveal
    await clinician.ask(reading(reveal.alias_reveal_id))

    own = issuer.issue(tenants.river, ana.subject, [Role.PATIENT])
    async with open_async_channel(api.public_address) as channel:
        trail = await audit_pb2_grpc.AuditServiceStub(channel).ListPatientAccesses(
            audit_pb2.ListPatientAccessesRequest(patient_id=ana.subject),
            metadata=(("authorization", f"Bearer {own}"),),
            timeout=10,
        )
    seen = [(each.action, each.actor_id, each.purpose) for each in trail.audit_entries][:2]
    assert seen == [
        ("alias.reveal.read", "dr-lee", "welfare_check"),
        ("alias.reveal", "dr-lee", "welfare_check"),
    ]
    officer = desk(Role.PRIVACY_OFFICER, subject="privacy-pat")
    listed = await officer.ask(wire.ListAliasRevealsRequest(patient_id=ana.subject))
    assert list(listed.alias_reveals) == [reveal]
    assert (await officer.refusal(asking(alias))).reason == "ROLE_NOT_ALLOWED"
