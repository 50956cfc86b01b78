"""The events that exist, read from the proto descriptors and their `event_policy` option."""

from __future__ import annotations

import builtins
import importlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType, ModuleType

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from haven.policy.v1 import policy_pb2

from chassis.errors import FailedPrecondition

PACKAGE = re.compile(r"haven\.(?P<service>[a-z]+)\.(?P<version>v[0-9]+)")
WORDS = re.compile(r"[A-Z][a-z0-9]*")


class MessageClass(StrEnum):
    """How urgent an event is; events of one class never wait behind those of another."""

    CRISIS = "crisis"
    CLINICAL = "clinical"
    SCHEDULE = "schedule"
    BULK = "bulk"


CLASSES = MappingProxyType(
    {
        policy_pb2.MESSAGE_CLASS_CRISIS: MessageClass.CRISIS,
        policy_pb2.MESSAGE_CLASS_CLINICAL: MessageClass.CLINICAL,
        policy_pb2.MESSAGE_CLASS_SCHEDULE: MessageClass.SCHEDULE,
        policy_pb2.MESSAGE_CLASS_BULK: MessageClass.BULK,
    }
)


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event: who publishes it, how it is addressed and who must receive it."""

    type: str
    message: builtins.type[Message]
    service: str
    subject: str  # "safety-signal-raised": aggregate and verb, as queue names say it
    routing_key: str
    message_class: MessageClass
    consumers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every event of the services it was loaded for, by full proto name."""

    events: Mapping[str, EventSpec]

    def published_by(self, service: str) -> list[EventSpec]:
        """The events that this service writes."""
        return [spec for spec in self.events.values() if spec.service == service]

    def consumed_by(self, service: str) -> list[EventSpec]:
        """The events that this service must react to."""
        return [spec for spec in self.events.values() if service in spec.consumers]


def event_type(message: type[Message] | Message) -> str:
    """The full proto name, as property `type` carries it."""
    return str(message.DESCRIPTOR.full_name)


def spec_of(message: type[Message]) -> EventSpec:
    """What the message's name and option say; FailedPrecondition where they do not say enough."""
    descriptor = message.DESCRIPTOR
    package = PACKAGE.fullmatch(descriptor.file.package)
    words = WORDS.findall(descriptor.name)
    if package is None or len(words) < 2 or "".join(words) != descriptor.name:
        raise _invalid(descriptor.full_name, "is not named haven.<service>.v<n>.<Aggregate><Verb>")
    options = descriptor.GetOptions()
    if not options.HasExtension(policy_pb2.event_policy):
        raise _invalid(descriptor.full_name, "has no event_policy")
    policy = options.Extensions[policy_pb2.event_policy]
    *aggregate, verb = (word.lower() for word in words)
    return EventSpec(
        type=descriptor.full_name,
        message=message,
        service=package["service"],
        subject="-".join([*aggregate, verb]),
        routing_key=f"{'-'.join(aggregate)}.{verb}.{package['version']}",
        message_class=_class_of(descriptor.full_name, policy),
        consumers=_consumers_of(descriptor.full_name, policy),
    )


def load_catalogue(services: Iterable[str]) -> Catalogue:
    """The events of these services' `events.proto`; every fault in one FailedPrecondition."""
    modules = [importlib.import_module(f"haven.{name}.v1.events_pb2") for name in services]
    return catalogue_of(modules)


def catalogue_of(modules: Iterable[ModuleType]) -> Catalogue:
    """The events of these generated modules; each top-level message is an event."""
    events: dict[str, EventSpec] = {}
    faults: list[str] = []
    for module in modules:
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            try:
                spec = spec_of(GetMessageClass(descriptor))
            except FailedPrecondition as fault:
                faults.append(fault.text)
            else:
                events[spec.type] = spec
    faults.extend(_collisions(events.values()))
    if faults:
        raise FailedPrecondition("TOPOLOGY_INVALID", "; ".join(faults))
    return Catalogue(MappingProxyType(events))


def _collisions(events: Iterable[EventSpec]) -> list[str]:
    """Events of two services that one consumer would receive through the same queue."""
    ways = Counter((consumer, spec.subject) for spec in events for consumer in spec.consumers)
    return [
        f"{consumer} receives two events named {subject}"
        for (consumer, subject), times in ways.items()
        if times > 1
    ]


def _class_of(name: str, policy: policy_pb2.EventPolicy) -> MessageClass:
    if (found := CLASSES.get(policy.message_class)) is None:
        raise _invalid(name, "has no message_class")
    return found


def _consumers_of(name: str, policy: policy_pb2.EventPolicy) -> tuple[str, ...]:
    consumers = tuple(policy.consumers)
    if not consumers or len(set(consumers)) != len(consumers):
        raise _invalid(name, "needs consumers, each named once")
    for consumer in consumers:
        if not consumer.isalpha() or not _exists(consumer):
            raise _invalid(name, "names a consumer that does not exist")
    return consumers


@cache
def _exists(service: str) -> bool:
    return find_spec(f"haven.{service}") is not None


def _invalid(name: str, fault: str) -> FailedPrecondition:
    return FailedPrecondition("TOPOLOGY_INVALID", f"{name} {fault}")
