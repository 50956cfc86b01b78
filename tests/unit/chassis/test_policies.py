from __future__ import annotations

import pytest
from haven.audit.v1 import audit_pb2
from haven.delivery.v1 import delivery_pb2
from haven.policy.v1 import policy_pb2

from chassis.auth.policies import MethodPolicies, MethodPolicy, PolicyFault
from chassis.call import Actor, Role
from chassis.errors import NotFound, PermissionDenied
from tests.integration.chassis.rpc import echo
from tests.integration.chassis.rpc.echo import Method

AUDIT = audit_pb2.DESCRIPTOR.services_by_name["AuditService"]
DELIVERY = delivery_pb2.DESCRIPTOR.services_by_name["DeliveryService"]


def policy(method: str) -> MethodPolicy:
    found = MethodPolicies.from_services([AUDIT, DELIVERY]).of(method)
    assert found is not None
    return found


ACCESSES = "/haven.audit.v1.AuditService/ListPatientAccesses"
DELIVER = "/haven.delivery.v1.DeliveryService/Deliver"


def actor(*roles: Role, subject: str = "p1") -> Actor:
    return Actor(subject, frozenset(roles))


def test_a_method_s_option_becomes_its_policy() -> None:
    found = policy(ACCESSES)
    assert found.roles == {Role.PATIENT, Role.PRIVACY_OFFICER}
    assert found.audit_action == "audit.patient-accesses.list"
    assert found.patient_field == "patient_id"
    assert not found.is_internal
    assert found.response is audit_pb2.ListPatientAccessesResponse


def test_what_only_workloads_call_is_internal() -> None:
    assert policy(DELIVER).is_internal


def test_every_role_of_the_contract_is_a_role_here_and_the_other_way_round() -> None:
    named = {
        name.removeprefix("ROLE_").lower() for name, number in policy_pb2.Role.items() if number
    }
    assert named == {role.value for role in Role}


def test_an_unknown_method_has_no_policy() -> None:
    assert MethodPolicies.from_services([AUDIT]).of(DELIVER) is None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_a_role_that_is_not_named_is_denied(role: Role) -> None:
    with pytest.raises(PermissionDenied) as raised:
        policy("/haven.audit.v1.AuditService/ListAuditEntries").granted(actor(role))
    assert raised.value.reason == "ROLE_NOT_ALLOWED"


def test_nobody_without_a_role_is_let_in() -> None:
    with pytest.raises(PermissionDenied):
        policy(ACCESSES).granted(actor())


def test_a_role_that_does_not_count_here_gives_nothing() -> None:
    granted = policy(ACCESSES).granted(actor(Role.PATIENT, Role.PARTNER))
    assert granted.roles == {Role.PATIENT}


def test_for_a_patient_other_people_do_not_exist() -> None:
    request = audit_pb2.ListPatientAccessesRequest(patient_id="p2")
    with pytest.raises(NotFound) as raised:
        policy(ACCESSES).require_own(actor(Role.PATIENT), request)
    assert raised.value.reason == "NOT_FOUND"


@pytest.mark.parametrize("roles", [(Role.PRIVACY_OFFICER,), (Role.PATIENT, Role.PRIVACY_OFFICER)])
def test_a_caller_with_another_right_may_name_any_patient(roles: tuple[Role, ...]) -> None:
    request = audit_pb2.ListPatientAccessesRequest(patient_id="p2")
    policy(ACCESSES).require_own(actor(*roles), request)


def test_a_patient_may_name_oneself() -> None:
    request = audit_pb2.ListPatientAccessesRequest(patient_id="p1")
    policy(ACCESSES).require_own(actor(Role.PATIENT), request)


@pytest.mark.parametrize(
    ("name", "method", "fault"),
    [
        ("A", Method("Get", roles=(), action=""), "no roles"),
        ("B", Method("Get", roles=()), "no roles"),
        ("C", Method("Get", action=""), "no audit_action"),
        ("D", Method("Get", action="Read It"), "no audit_action"),
        ("E", Method("Get", patient_field="nobody"), "not a field"),
        ("F", Method("Get", patient_field="text.inner"), "not a field"),
        ("G", Method("Get", patient_field="patient_id", takes_stream=True), "on a stream"),
        (
            "H",
            Method("Get", roles=(policy_pb2.ROLE_WORKLOAD, policy_pb2.ROLE_CLINICIAN)),
            "mixes",
        ),
        ("I", Method("Get", roles=(policy_pb2.ROLE_UNSPECIFIED,)), "no roles"),
        ("J", Method("Get", roles=(policy_pb2.ROLE_CLINICIAN, 99)), "unknown role"),
    ],
)
def test_a_method_without_a_usable_option_is_refused(name: str, method: Method, fault: str) -> None:
    good = Method("List", action="thing.list")
    made = echo.service("haven.policytest.v1", f"{name}Service", [method, good])
    with pytest.raises(PolicyFault, match=f"{name}Service.Get: .*{fault}"):
        MethodPolicies.from_services([made])
