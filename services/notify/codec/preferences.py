"""PreferenceService: requests as commands, results as responses."""

from __future__ import annotations

from types import MappingProxyType

from haven.notify.v1 import preferences_pb2

from chassis.decode import Fields
from chassis.store import etag_of
from services.notify.codec.names import (
    CHANNEL_NUMBERS,
    CHANNELS,
    LANGUAGE_NUMBERS,
    LANGUAGES,
)
from services.notify.domain import wish_commands as commands
from services.notify.domain.hours import Hours
from services.notify.domain.permission import NEED_PROOF
from services.notify.domain.verification import DIGITS, Outcome

PROVABLE = MappingProxyType({n: each for n, each in CHANNELS.items() if each in NEED_PROOF})
OUTCOME_NUMBERS = MappingProxyType(
    {
        each: preferences_pb2.VerificationOutcome.Value(f"VERIFICATION_OUTCOME_{each.name}")
        for each in Outcome
    }
)
DAY_MINUTES = 24 * 60


def recipient_id(request: preferences_pb2.GetPreferencesRequest) -> str:
    """Whose."""
    fields = Fields(request)
    id = fields.identifier("recipient_id")
    fields.done()
    return id


def put_preferences(request: preferences_pb2.PutPreferencesRequest) -> commands.PutPreferences:
    """From now on like this."""
    fields = Fields(request)
    command = commands.PutPreferences(
        recipient_id=fields.identifier("recipient_id"),
        language=fields.enum("language", LANGUAGES),
        channels=frozenset(fields.enums("channels", CHANNELS)),
        hours=_hours(fields) if fields.has("hours") else None,
        etag=fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def change_channel(
    request: preferences_pb2.StopChannelRequest | preferences_pb2.ResumeChannelRequest,
) -> commands.ChangeChannel:
    """Stop a channel, or resume it."""
    fields = Fields(request)
    id, channel = fields.identifier("recipient_id"), fields.enum("channel", CHANNELS)
    fields.done()
    return commands.ChangeChannel(id, channel)


def start_verification(
    request: preferences_pb2.StartVerificationRequest,
) -> commands.ChangeChannel:
    """Prove where somebody is reached."""
    fields = Fields(request)
    id, channel = fields.identifier("recipient_id"), fields.enum("channel", PROVABLE)
    fields.done()
    return commands.ChangeChannel(id, channel)


def confirm_verification(
    request: preferences_pb2.ConfirmVerificationRequest,
) -> commands.ConfirmCode:
    """A code comes back."""
    fields = Fields(request)
    id, channel = fields.identifier("recipient_id"), fields.enum("channel", PROVABLE)
    code = "".join(fields.text("code", 20).split())
    if code and not (code.isascii() and code.isdecimal() and len(code) == DIGITS):
        fields.fault("code", "MALFORMED", f"must be {DIGITS} digits")
    fields.done()
    return commands.ConfirmCode(id, channel, code)


def get_answer(view: commands.WishesView) -> preferences_pb2.GetPreferencesResponse:
    """The wishes."""
    return preferences_pb2.GetPreferencesResponse(preferences=_preferences(view))


def put_answer(view: commands.WishesView) -> preferences_pb2.PutPreferencesResponse:
    """The wishes as they are now."""
    return preferences_pb2.PutPreferencesResponse(preferences=_preferences(view))


def stop_answer(view: commands.WishesView) -> preferences_pb2.StopChannelResponse:
    """The wishes as they are now."""
    return preferences_pb2.StopChannelResponse(preferences=_preferences(view))


def resume_answer(view: commands.WishesView) -> preferences_pb2.ResumeChannelResponse:
    """The wishes as they are now."""
    return preferences_pb2.ResumeChannelResponse(preferences=_preferences(view))


def start_answer(started: commands.StartedCode) -> preferences_pb2.StartVerificationResponse:
    """Until when the code works; the code itself only goes to the address."""
    response = preferences_pb2.StartVerificationResponse()
    response.expire_time.FromDatetime(started.expire_time)
    return response


def confirm_answer(
    confirmation: commands.Confirmation,
) -> preferences_pb2.ConfirmVerificationResponse:
    """What became of the code."""
    return preferences_pb2.ConfirmVerificationResponse(
        outcome=OUTCOME_NUMBERS[confirmation.outcome], tries_left=confirmation.tries_left
    )


def _hours(fields: Fields) -> Hours:
    part = fields.nested("hours")
    start = part.integer("start_minute", 0, DAY_MINUTES - 1)
    end = part.integer("end_minute", start + 1, DAY_MINUTES)
    return Hours(start, end)


def _preferences(view: commands.WishesView) -> preferences_pb2.Preferences:
    preferences = view.preferences
    told = preferences_pb2.Preferences(
        recipient_id=preferences.recipient_id,
        language=LANGUAGE_NUMBERS[preferences.language],
        channels=sorted(CHANNEL_NUMBERS[each] for each in preferences.channels),
        stopped_channels=sorted(CHANNEL_NUMBERS[each] for each in view.stopped),
        verified_channels=sorted(CHANNEL_NUMBERS[each] for each in view.verified),
        etag=etag_of(preferences),
    )
    if (hours := preferences.hours) is not None:
        told.hours.start_minute, told.hours.end_minute = hours.start, hours.end
    return told
