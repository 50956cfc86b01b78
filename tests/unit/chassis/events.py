"""Event messages made on the spot, with any name and option, right or wrong."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any, cast

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from haven.policy.v1 import policy_pb2

CRISIS = policy_pb2.MESSAGE_CLASS_CRISIS
CLINICAL = policy_pb2.MESSAGE_CLASS_CLINICAL


def an_event(
    name: str = "CaseOpened",
    *,
    package: str = "haven.crisis.v1",
    message_class: Any = CLINICAL,
    consumers: tuple[str, ...] = ("intake",),
    has_policy: bool = True,
) -> type[Message]:
    """A message class in a descriptor pool of its own."""
    file = a_file(package)
    message = file.message_type.add(name=name)
    if has_policy:
        policy = message.options.Extensions[policy_pb2.event_policy]
        policy.message_class = message_class
        policy.consumers.extend(consumers)
    return GetMessageClass(_pool_of(file).FindMessageTypeByName(f"{package}.{name}"))


def a_file(package: str) -> descriptor_pb2.FileDescriptorProto:
    """An empty proto file."""
    return descriptor_pb2.FileDescriptorProto(
        name=f"{package.replace('.', '/')}/events.proto",
        package=package,
        syntax="proto3",
        dependency=[policy_pb2.DESCRIPTOR.name],
    )


def a_module(*messages: type[Message]) -> ModuleType:
    """What protoc would have generated for a file with these messages."""
    by_name = {message.DESCRIPTOR.name: message.DESCRIPTOR for message in messages}
    descriptor = SimpleNamespace(message_types_by_name=by_name)
    return cast(ModuleType, SimpleNamespace(DESCRIPTOR=descriptor))


def _pool_of(file: descriptor_pb2.FileDescriptorProto) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for name in ("google/protobuf/descriptor.proto", policy_pb2.DESCRIPTOR.name):
        known = descriptor_pb2.FileDescriptorProto()
        descriptor_pool.Default().FindFileByName(name).CopyToProto(known)
        pool.Add(known)
    pool.Add(file)
    return pool
