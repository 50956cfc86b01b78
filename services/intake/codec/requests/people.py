"""Who is referred, how to reach them, and who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from haven.intake.v1 import intake_pb2

from chassis.decode import Fields
from services.intake.codec import texts
from services.intake.codec.names import PAYERS, REVEAL_PURPOSES, TRACKS
from services.intake.domain import commands
from services.intake.domain.patient import Identity


def create_referral(request: intake_pb2.CreateReferralRequest) -> commands.CreateReferral:
    """Who is referred, to what."""
    fields = Fields(request)
    command = commands.CreateReferral(
        identity=Identity(
            legal_name=fields.text("legal_name"),
            birth_date=fields.date("birth_date"),
            email=texts.email(fields, "email"),
            phone=texts.phone(fields, "phone"),
        ),
        time_zone=fields.time_zone("time_zone"),
        state=texts.state(fields, "state"),
        track=fields.enum("track", TRACKS),
        payer=fields.enum("payer", PAYERS),
    )
    _require_contact(fields, request)
    fields.done()
    return command


def record_contact(request: intake_pb2.RecordContactRequest) -> commands.RecordContact:
    """How a patient can be reached from now on."""
    fields = Fields(request)
    command = commands.RecordContact(
        patient_id=fields.identifier("patient_id"),
        email=texts.email(fields, "email"),
        phone=texts.phone(fields, "phone"),
        time_zone=fields.time_zone("time_zone"),
        etag=fields.optional_identifier("etag"),
    )
    _require_contact(fields, request)
    fields.done()
    return command


def reveal_patient_identity(
    request: intake_pb2.RevealPatientIdentityRequest,
) -> commands.RevealPatientIdentity:
    """Whose identity, and why."""
    fields = Fields(request)
    command = commands.RevealPatientIdentity(
        fields.identifier("patient_id"), fields.enum("purpose", REVEAL_PURPOSES)
    )
    fields.done()
    return command


def reveal_alias(request: intake_pb2.RevealAliasRequest) -> commands.RevealAlias:
    """Which name, why, and for how long."""
    fields = Fields(request)
    command = commands.RevealAlias(
        group_id=fields.identifier("group_id"),
        alias=fields.text("alias"),
        purpose=fields.enum("purpose", REVEAL_PURPOSES),
        lasts=_lasts(fields),
    )
    fields.done()
    return command


def alias_reveal_id(request: intake_pb2.GetAliasRevealRequest) -> str:
    """Which reveal."""
    return one_id(request, "alias_reveal_id")


def list_alias_reveals(request: intake_pb2.ListAliasRevealsRequest) -> commands.ListPage:
    """Which part of one patient's list, or of everybody's."""
    fields = Fields(request)
    id = fields.optional_identifier("patient_id")
    fields.done()
    return commands.ListPage(id, request.page_size, request.page_token)


def referral_id(request: intake_pb2.GetReferralRequest) -> str:
    """Which referral."""
    return one_id(request, "referral_id")


def patient_id(request: Any) -> str:
    """Which patient, for every request that asks for nothing else."""
    return one_id(request, "patient_id")


def list_page(request: Any) -> commands.ListPage:
    """Which part of one patient's list."""
    fields = Fields(request)
    id = fields.identifier("patient_id")
    fields.done()
    return commands.ListPage(id, request.page_size, request.page_token)


def list_referrals(request: intake_pb2.ListReferralsRequest) -> commands.ListPage:
    """Which part of the list."""
    return commands.ListPage("", request.page_size, request.page_token)


def one_id(request: Any, name: str) -> str:
    """The one id that a request names."""
    fields = Fields(request)
    id = fields.identifier(name)
    fields.done()
    return id


def _lasts(fields: Fields) -> timedelta | None:
    if not fields.has("reveal_duration"):
        return None
    return fields.duration("reveal_duration", low=timedelta(seconds=1))


def _require_contact(fields: Fields, request: Any) -> None:
    if not request.email and not request.phone:
        fields.fault("email", "CONTACT_MISSING", "an e-mail address or a phone number is required")
