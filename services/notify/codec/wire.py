"""Requests as commands."""

from __future__ import annotations

from haven.notify.v1 import notify_pb2

from chassis.decode import Fields
from services.notify.codec.names import CHANNELS, CLASSES, LANGUAGES
from services.notify.domain import commands
from services.notify.domain.contact import HIGHEST_RANK, is_address
from services.notify.domain.message import Channel
from services.notify.domain.wording import Language

# What an address of each channel is, and how long one may be.
ADDRESSES = {
    Channel.EMAIL: (254, "must be one e-mail address"),  # RFC 5321
    Channel.SMS: (16, "must be a telephone number with its country: +15555550142"),
    Channel.VOICE: (16, "must be a telephone number with its country: +15555550142"),
    Channel.PUSH: (1024, "must be what the push service gave the app"),
    Channel.WEBHOOK: (1024, "must be an https address without credentials or fragment"),
}
MOST_REDRIVEN = 100


def register_contact_point(
    request: notify_pb2.RegisterContactPointRequest,
) -> commands.RegisterContactPoint:
    """How a member of staff is reached from now on."""
    fields = Fields(request)
    channel = CHANNELS.get(request.channel, Channel.WEBHOOK)  # an unknown one is refused below
    longest, description = ADDRESSES[channel]
    address = fields.text("address", longest)
    if address and request.channel in CHANNELS and not is_address(channel, address):
        fields.fault("address", "MALFORMED", description)
    command = commands.RegisterContactPoint(
        recipient_id=fields.identifier("recipient_id"),
        channel=fields.enum("channel", CHANNELS),
        address=address,
        etag=fields.optional_text("etag", 64),
        rank=fields.integer("rank", 0, HIGHEST_RANK),
    )
    fields.done()
    return command


def list_contact_points(request: notify_pb2.ListContactPointsRequest) -> commands.ListPage:
    """Whose, and which part."""
    fields = Fields(request)
    recipient_id = fields.identifier("recipient_id")
    fields.done()
    return commands.ListPage(recipient_id, "", request.page_size, request.page_token)


def message_id(request: notify_pb2.GetMessageRequest) -> str:
    """Which message."""
    fields = Fields(request)
    id = fields.identifier("message_id")
    fields.done()
    return id


def list_messages(request: notify_pb2.ListMessagesRequest) -> commands.ListPage:
    """Whose or which page's, and which part."""
    fields = Fields(request)
    recipient_id = fields.optional_identifier("recipient_id")
    page_id = fields.optional_identifier("page_id")
    if bool(request.recipient_id) == bool(request.page_id):
        fields.fault("recipient_id", "REQUIRED", "give either recipient_id or page_id")
    fields.done()
    return commands.ListPage(recipient_id, page_id, request.page_size, request.page_token)


def preview_message(request: notify_pb2.PreviewMessageRequest) -> commands.PreviewMessage:
    """Which wording."""
    fields = Fields(request)
    command = commands.PreviewMessage(
        template_id=fields.identifier("template_id"),
        version=fields.integer("template_version", 0, 1_000_000),
        channel=fields.enum("channel", CHANNELS) if request.channel else None,
        language=fields.enum("language", LANGUAGES) if request.language else Language.ENGLISH,
    )
    fields.done()
    return command


def resend_message(request: notify_pb2.ResendMessageRequest) -> commands.ResendMessage:
    """Which message goes again."""
    fields = Fields(request)
    command = commands.ResendMessage(fields.identifier("message_id"))
    fields.done()
    return command


def redrive_messages(request: notify_pb2.RedriveMessagesRequest) -> commands.RedriveMessages:
    """Of which class, and how many at most."""
    fields = Fields(request)
    command = commands.RedriveMessages(
        fields.enum("message_class", CLASSES), fields.integer("max_count", 1, MOST_REDRIVEN)
    )
    fields.done()
    return command
