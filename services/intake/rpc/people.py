"""Referrals and patients."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import people as people_requests
from services.intake.codec.responses import people as people_responses


class PeopleMethods:
    """Referrals and patients. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def CreateReferral(
        self, request: wire.CreateReferralRequest, context: Context
    ) -> wire.CreateReferralResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.create_referral,
            handle=self._intake.referrals.create,
            encode=people_responses.create_referral,
        )

    async def GetReferral(
        self, request: wire.GetReferralRequest, context: Context
    ) -> wire.GetReferralResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.referral_id,
            handle=self._intake.people.referral,
            encode=people_responses.get_referral,
        )

    async def ListReferrals(
        self, request: wire.ListReferralsRequest, context: Context
    ) -> wire.ListReferralsResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.list_referrals,
            handle=self._intake.people.referrals,
            encode=people_responses.list_referrals,
        )

    async def GetPatient(
        self, request: wire.GetPatientRequest, context: Context
    ) -> wire.GetPatientResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.patient_id,
            handle=self._intake.people.patient,
            encode=people_responses.get_patient,
        )

    async def RecordContact(
        self, request: wire.RecordContactRequest, context: Context
    ) -> wire.RecordContactResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.record_contact,
            handle=self._intake.referrals.record_contact,
            encode=people_responses.record_contact,
        )

    async def RevealPatientIdentity(
        self, request: wire.RevealPatientIdentityRequest, context: Context
    ) -> wire.RevealPatientIdentityResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.reveal_patient_identity,
            handle=self._intake.revealing.open_by_id,
            encode=people_responses.reveal_patient_identity,
        )
