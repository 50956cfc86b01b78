"""Each method's own rule, read from its `method_policy` option. What is not allowed is denied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from haven.policy.v1 import policy_pb2

from chassis.call import Actor, Role
from chassis.errors import NotFound, PermissionDenied

AUDIT_ACTION = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+")
ONLY_WORKLOADS = frozenset({Role.WORKLOAD})
ONLY_PATIENTS = frozenset({Role.PATIENT})


class PolicyFault(Exception):
    """A served method without a usable policy: the process must not start."""


@dataclass(frozen=True, slots=True)
class MethodPolicy:
    """Who may call one method, and what the audit trail calls it."""

    method: str  # as gRPC names it: /haven.crisis.v1.CrisisService/AcknowledgeCase
    service: str
    name: str
    roles: frozenset[Role]
    audit_action: str
    patient_field: str
    is_mutation: bool
    is_stream: bool
    is_urgent: bool
    response: type[Message]

    @property
    def is_internal(self) -> bool:
        """True for what only other Haven processes call."""
        return self.roles == ONLY_WORKLOADS

    def granted(self, actor: Actor) -> Actor:
        """The actor with the roles that count here; PermissionDenied where none does."""
        if actor.roles <= self.roles and actor.roles:
            return actor
        roles = actor.roles & self.roles
        if not roles:
            raise PermissionDenied("ROLE_NOT_ALLOWED", "no role of the caller allows this")
        return Actor(actor.subject, roles)

    def require_own(self, actor: Actor, request: Message) -> None:
        """For a caller admitted only as a patient, other people's records do not exist."""
        if not self.patient_field or actor.roles != ONLY_PATIENTS:
            return
        value: Any = request
        for name in self.patient_field.split("."):
            value = getattr(value, name)
        if value != actor.subject:
            raise NotFound("NOT_FOUND", "no such resource")


class MethodPolicies:
    """The policies of all methods that a server serves."""

    def __init__(self, policies: Mapping[str, MethodPolicy]) -> None:
        self._policies = dict(policies)

    @classmethod
    def from_services(cls, services: Iterable[ServiceDescriptor]) -> MethodPolicies:
        """Read the options; raises PolicyFault naming every method at fault."""
        faults: list[str] = []
        policies = [_policy(method, faults) for service in services for method in service.methods]
        if faults:
            raise PolicyFault("; ".join(faults))
        return cls({policy.method: policy for policy in policies})

    def of(self, method: str) -> MethodPolicy | None:
        """The method's policy, or None where it is not served."""
        return self._policies.get(method)

    def __iter__(self) -> Any:
        return iter(self._policies.values())


def _policy(method: MethodDescriptor, faults: list[str]) -> MethodPolicy:
    option = method.GetOptions().Extensions[policy_pb2.method_policy]
    name = f"{method.containing_service.full_name}.{method.name}"
    roles = _roles(option.roles)
    if not roles:
        faults.append(f"{name}: no roles in its method_policy")
    if len(roles) != len(option.roles):
        faults.append(f"{name}: an unknown role in its method_policy")
    if Role.WORKLOAD in roles and len(roles) > 1:
        faults.append(f"{name}: mixes workloads and people")
    if not AUDIT_ACTION.fullmatch(option.audit_action):
        faults.append(f"{name}: no audit_action in its method_policy")
    if option.patient_field and not _has(method.input_type, option.patient_field):
        faults.append(f"{name}: patient_field is not a field of the request")
    if option.patient_field and method.client_streaming:
        faults.append(f"{name}: patient_field cannot be checked on a stream")
    return MethodPolicy(
        method=f"/{method.containing_service.full_name}/{method.name}",
        service=method.containing_service.full_name,
        name=method.name,
        roles=roles,
        audit_action=option.audit_action,
        patient_field=option.patient_field,
        is_mutation="request_id" in method.input_type.fields_by_name,
        is_stream=method.client_streaming or method.server_streaming,
        is_urgent=option.is_urgent,
        response=GetMessageClass(method.output_type),
    )


def _roles(numbers: Iterable[int]) -> frozenset[Role]:
    known = {int(number): name for name, number in policy_pb2.Role.items() if number}
    names = (known[number] for number in numbers if number in known)
    return frozenset(Role(name.removeprefix("ROLE_").lower()) for name in names)


def _has(message: Descriptor, path: str) -> bool:
    first, _, rest = path.partition(".")
    part = message.fields_by_name.get(first)
    if part is None:
        return False
    return not rest or (part.message_type is not None and _has(part.message_type, rest))
