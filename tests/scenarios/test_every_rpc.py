"""Every RPC with another tenant's ids and with every role; generated from the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from haven.crisis.v1 import board_pb2, board_pb2_grpc
from haven.delivery.v1 import delivery_pb2, delivery_pb2_grpc
from haven.policy.v1 import policy_pb2
from haven.sessions.v1 import boards_pb2, boards_pb2_grpc, sessions_pb2, sessions_pb2_grpc

from chassis.call import Role
from chassis.ids import new_id
from cli.demo.cast import LAKESIDE, RIVERBEND, Story
from cli.demo.world import Exchange, Person, Refusal, refusal
from cli.environment import SERVICES
from cli.stack import Stack
from tests.waiting import eventually

# A request that names nothing which belongs to somebody, or makes it, cannot name another tenant's.
WITHOUT_FOREIGN_IDS = {
    "CreateReferral": "makes its own ids",
    "RegisterClinician": "makes its own id",
    "CreateGroup": "makes its own id",
    "PutRotation": "names are the tenant's own; it makes one in the caller's tenant",
    "PutEscalationPolicy": "is kept by severity; it makes one in the caller's tenant",
    "RegisterContactPoint": "a recipient is whoever the caller's tenant calls so",
    "PreviewMessage": "wordings are everybody's",
    "RedriveMessages": "names a class of the caller's own tenant's messages",
    "OptOut": "a clinician is whoever the caller's tenant calls so; it makes one in that tenant",
    "ListOptOuts": "a clinician is whoever the caller's tenant calls so",
    "OpenCase": "a case is never refused because the patient is not known here yet",
    "ReportConcern": "a case is never refused because the patient is not known here yet",
    "ReviseSafetyPlan": "a plan is never refused because the patient is not known here yet",
    "PutLocalNumbers": "is kept by state and area; it makes one in the caller's tenant",
    "PutDutyToWarn": "is kept by state; it makes one in the caller's tenant",
    "RequestPerson": "the patient is the caller, whom the caller's token vouches for",
    "GetPatientCaseStatus": "answers for everyone, with or without a case",
    "AttestLocation": "the patient is the caller, whom the caller's token vouches for",
    "RaiseSafetySignal": "is never refused; an unknown session is left out",
}


def methods() -> Iterator[MethodDescriptor]:
    """Every unary method that the five services serve to the public, in whichever file it is."""
    for package in (*SERVICES, "audit"):
        folder = import_module(f"haven.{package}.v1").__path__
        for found in iter_modules(folder, f"haven.{package}.v1."):
            if found.name.endswith("_pb2"):
                contract = import_module(found.name).DESCRIPTOR
                for service in contract.services_by_name.values():
                    yield from filter(_is_unary, service.methods)


def _is_unary(method: MethodDescriptor) -> bool:
    return not (method.client_streaming or method.server_streaming)


CHASSIS_COLLECTIONS = {
    "audit_entries",
    "audit_heads",
    "audit_seals",
    "idempotency_keys",
    "inbox",
    "leases",
    "outbox",
}
METHODS = {method.full_name: method for method in methods()}
WITH_IDS = [
    name
    for name, method in METHODS.items()
    if method.name not in WITHOUT_FOREIGN_IDS
    and any(field.name.endswith(("_id", "_ids")) for field in method.input_type.fields)
    and {field.name for field in method.input_type.fields} != {"request_id"}
]


@pytest.fixture(scope="session")
def samples(story: Story) -> dict[str, Exchange]:
    """The last answered request of each method; a refused one where none was answered."""
    found: dict[str, Exchange] = {}
    for each in story.world.exchanges:
        name = each.request.DESCRIPTOR.full_name.removesuffix("Request")
        if each.response is not None or name not in found:
            found[name] = each
    return found


@pytest.fixture(scope="session", autouse=True)
def strangers(story: Story, samples: dict[str, Exchange]) -> dict[str, Refusal | None]:
    """What each method with ids says to the other tenant, all asked before anything else is:
    some methods make things in the caller's own tenant, and those are known there from then on."""
    return {
        name: story.world.refused(*_as_a_stranger(samples[_message_name(METHODS[name])]))
        for name in WITH_IDS
    }


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_story_or_its_encore_asks(name: str, samples: dict[str, Exchange]) -> None:
    assert _message_name(METHODS[name]) in samples


@pytest.mark.parametrize("name", sorted(WITH_IDS))
def test_an_id_of_the_other_tenant_does_not_exist(
    name: str, strangers: dict[str, Refusal | None]
) -> None:
    refused = strangers[name]

    assert refused is not None, "answered"
    assert refused.code == "NOT_FOUND", refused


@pytest.mark.parametrize("name", sorted(WITHOUT_FOREIGN_IDS))
def test_what_cannot_name_another_tenants_things_changes_nothing_of_theirs(
    name: str, story: Story, samples: dict[str, Exchange], stack: Stack, mongo_client: Any
) -> None:
    method = next(each for each in METHODS.values() if each.name == name)
    sample = samples[_message_name(method)]
    service = method.full_name.split(".")[1]
    rows = mongo_client[stack.environment.variables[f"HAVEN_{service.upper()}_DATABASE"]]

    def mine() -> dict[str, int]:
        """Every document of the first tenant that this service keeps, with its version."""
        return {
            f"{kind}/{row['_id']}": row.get("version", 0)
            for kind in rows.list_collection_names()
            if kind not in CHASSIS_COLLECTIONS
            for row in rows[kind].find({"tenant_id": RIVERBEND}, {"version": 1})
        }

    def unchanged() -> bool:
        before = mine()
        story.world.refused(*_as_a_stranger(sample))
        return mine() == before

    # A case may climb meanwhile; what the stranger changed would change each time.
    eventually(unchanged, within=60)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.WORKLOAD])
@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_role_may_call_what_the_policy_says(name: str, role: Role, story: Story) -> None:
    method = METHODS[name]
    policy = method.GetOptions().Extensions[policy_pb2.method_policy]
    allowed = {policy_pb2.Role.Name(each).removeprefix("ROLE_").lower() for each in policy.roles}
    request = _message_class(method)()

    refused = story.world.refused(Person(RIVERBEND, "nobody-in-particular", (role,)), request)

    reason = refused.reason if refused else ""
    assert (reason == "ROLE_NOT_ALLOWED") == (role.value not in allowed), refused


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.WORKLOAD])
def test_a_room_lets_in_whom_its_policy_says(role: Role, story: Story) -> None:
    method = sessions_pb2.DESCRIPTOR.services_by_name["SessionsService"].methods_by_name[
        "AttendSession"
    ]
    policy = method.GetOptions().Extensions[policy_pb2.method_policy]
    allowed = {policy_pb2.Role.Name(each).removeprefix("ROLE_").lower() for each in policy.roles}
    stub = sessions_pb2_grpc.SessionsServiceStub(story.world.channel("sessions"))
    caller = story.world.metadata(Person(RIVERBEND, "nobody-in-particular", (role,)))
    hello = sessions_pb2.AttendSessionRequest(hello=sessions_pb2.Hello(session_id=new_id()))

    with pytest.raises(grpc.RpcError) as refused:
        next(stub.AttendSession(iter([hello]), metadata=caller))

    reason = refusal(refused.value).reason
    assert (reason == "ROLE_NOT_ALLOWED") == (role.value not in allowed), reason


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.WORKLOAD])
def test_a_board_shows_itself_to_whom_its_policy_says(role: Role, story: Story) -> None:
    method = board_pb2.DESCRIPTOR.services_by_name["BoardService"].methods_by_name["WatchCases"]
    policy = method.GetOptions().Extensions[policy_pb2.method_policy]
    allowed = {policy_pb2.Role.Name(each).removeprefix("ROLE_").lower() for each in policy.roles}
    stub = board_pb2_grpc.BoardServiceStub(story.world.channel("crisis"))
    caller = story.world.metadata(Person(RIVERBEND, "nobody-in-particular", (role,)))
    frames = stub.WatchCases(board_pb2.WatchCasesRequest(), metadata=caller, timeout=20)

    try:
        reason = next(frames).WhichOneof("frame")
    except grpc.RpcError as error:
        reason = refusal(error).reason
    frames.cancel()

    assert reason == ("snapshot" if role.value in allowed else "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.WORKLOAD])
def test_a_groups_board_is_followed_by_whom_its_policy_says(role: Role, story: Story) -> None:
    service = boards_pb2.DESCRIPTOR.services_by_name["GroupBoardService"]
    policy = service.methods_by_name["WatchBoard"].GetOptions().Extensions[policy_pb2.method_policy]
    allowed = {policy_pb2.Role.Name(each).removeprefix("ROLE_").lower() for each in policy.roles}
    stub = boards_pb2_grpc.GroupBoardServiceStub(story.world.channel("sessions"))
    caller = story.world.metadata(Person(LAKESIDE, "nobody-in-particular", (role,)))
    board = boards_pb2.WatchBoardRequest(group_id=story.ids["group"])

    with pytest.raises(grpc.RpcError) as refused:
        next(stub.WatchBoard(board, metadata=caller, timeout=20))

    expected = "NOT_FOUND" if role.value in allowed else "ROLE_NOT_ALLOWED"
    assert refusal(refused.value).reason == expected  # of the other tenant, it does not exist


def test_a_board_of_the_other_tenant_shows_none_of_the_storys_cases(story: Story) -> None:
    stub = board_pb2_grpc.BoardServiceStub(story.world.channel("crisis"))
    stranger = story.world.metadata(Person(LAKESIDE, "supervisor-2", ("supervisor",)))
    frames = stub.WatchCases(board_pb2.WatchCasesRequest(), metadata=stranger, timeout=20)
    first = next(frames)
    frames.cancel()

    shown = {each.case.case_id for each in first.snapshot.cases}
    assert not shown & set(story.ids.values())


@pytest.mark.parametrize("service", SERVICES)
def test_a_token_cannot_claim_to_be_a_haven_process(service: str, story: Story) -> None:
    method = next(
        each for each in METHODS.values() if each.full_name.startswith(f"haven.{service}")
    )
    impostor = Person(RIVERBEND, "service:crisis", (Role.WORKLOAD,))

    refused = story.world.refused(impostor, _message_class(method)())

    assert refused is not None
    assert refused.code == "UNAUTHENTICATED"


@pytest.mark.parametrize("service", SERVICES)
def test_deliver_is_not_served_to_the_public(service: str, story: Story) -> None:
    stub = delivery_pb2_grpc.DeliveryServiceStub(story.world.channel(service))
    person = Person(RIVERBEND, "partner-app", (Role.PARTNER,))

    with pytest.raises(grpc.RpcError) as refused:
        stub.Deliver(
            delivery_pb2.DeliverRequest(), metadata=story.world.metadata(person), timeout=5
        )

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def _message_name(method: MethodDescriptor) -> str:
    return str(method.input_type.full_name.removesuffix("Request"))


def _message_class(method: MethodDescriptor) -> type[Message]:
    return GetMessageClass(method.input_type)


def _as_a_stranger(sample: Exchange) -> tuple[Person, Message]:
    """The same request under a fresh key, by the same roles in the other tenant."""
    request = type(sample.request)()
    request.CopyFrom(sample.request)
    _with_fresh_key(request)
    return Person(LAKESIDE, sample.person.subject, sample.person.roles), request


def _with_fresh_key(request: Any) -> None:
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = new_id()
