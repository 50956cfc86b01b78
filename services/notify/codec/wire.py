"""Requests as commands."""

from __future__ import annotations

from haven.notify.v1 import notify_pb2, resources_pb2

from chassis.decode import Fields
from services.notify.domain import commands
from services.notify.domain.contact import is_email
from services.notify.domain.message import Channel

CHANNELS = {resources_pb2.CHANNEL_EMAIL: Channel.EMAIL}
LONGEST_ADDRESS = 254  # RFC 5321


def register_contact_point(
    request: notify_pb2.RegisterContactPointRequest,
) -> commands.RegisterContactPoint:
    """How a member of staff is reached from now on."""
    fields = Fields(request)
    address = fields.text("address", LONGEST_ADDRESS)
    if address and not is_email(address):
        fields.fault("address", "MALFORMED", "must be one e-mail address")
    command = commands.RegisterContactPoint(
        recipient_id=fields.identifier("recipient_id"),
        channel=fields.enum("channel", CHANNELS),
        address=address,
        etag=fields.optional_text("etag", 64),
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
