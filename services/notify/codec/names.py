"""Wire enums and the words of the domain, one table for each."""

from __future__ import annotations

from types import MappingProxyType

from haven.notify.v1 import events_pb2, notify_pb2, preferences_pb2, resources_pb2
from haven.policy.v1 import policy_pb2

from services.notify.domain.answer import Answer
from services.notify.domain.attempt import Receipt
from services.notify.domain.message import Channel, MessageClass, State
from services.notify.domain.wording import Language

CHANNELS = MappingProxyType(
    {resources_pb2.Channel.Value(f"CHANNEL_{each.name}"): each for each in Channel}
)
CHANNEL_NUMBERS = MappingProxyType({each: number for number, each in CHANNELS.items()})
LANGUAGES = MappingProxyType(
    {preferences_pb2.Language.Value(f"LANGUAGE_{each.name}"): each for each in Language}
)
LANGUAGE_NUMBERS = MappingProxyType({each: number for number, each in LANGUAGES.items()})
CLASSES = MappingProxyType(
    {policy_pb2.MessageClass.Value(f"MESSAGE_CLASS_{each.name}"): each for each in MessageClass}
)
CLASS_NUMBERS = MappingProxyType({each: number for number, each in CLASSES.items()})
STATE_NUMBERS = MappingProxyType(
    {each: resources_pb2.MessageState.Value(f"MESSAGE_STATE_{each.name}") for each in State}
)
ANSWER_NUMBERS = MappingProxyType(
    {each: events_pb2.PageAnswer.Value(f"PAGE_ANSWER_{each.name}") for each in Answer}
)
RECEIPT_NUMBERS = MappingProxyType(
    {
        Receipt.NONE: resources_pb2.RECEIPT_STATE_UNSPECIFIED,
        Receipt.DELIVERED: resources_pb2.RECEIPT_STATE_DELIVERED,
        Receipt.UNDELIVERED: resources_pb2.RECEIPT_STATE_UNDELIVERED,
    }
)
# Only recorded: lower-case codes.
READ_PURPOSES = MappingProxyType(
    {
        number: name.removeprefix("READ_PURPOSE_").lower()
        for name, number in notify_pb2.ReadPurpose.items()
        if number
    }
)
