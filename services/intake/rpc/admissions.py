"""The evidence of an admission, and the decisions."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2 as wire

from chassis.rpc.bridge import Bridge, Context
from services.intake.bootstrap import Intake
from services.intake.codec.requests import admissions as admissions_requests
from services.intake.codec.requests import people as people_requests
from services.intake.codec.responses import admissions as admissions_responses
from services.intake.codec.responses.admissions import with_admission


class AdmissionMethods:
    """The evidence of an admission, and the decisions. Each method is one use case."""

    def __init__(self, intake: Intake, bridge: Bridge) -> None:
        self._intake = intake
        self._run = bridge.run

    async def RecordLevelOfCare(
        self, request: wire.RecordLevelOfCareRequest, context: Context
    ) -> wire.RecordLevelOfCareResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_level_of_care,
            handle=self._intake.admissions.record_level_of_care,
            encode=with_admission(wire.RecordLevelOfCareResponse),
        )

    async def RecordAttestations(
        self, request: wire.RecordAttestationsRequest, context: Context
    ) -> wire.RecordAttestationsResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_attestations,
            handle=self._intake.admissions.record_attestations,
            encode=with_admission(wire.RecordAttestationsResponse),
        )

    async def RecordPlaceCheck(
        self, request: wire.RecordPlaceCheckRequest, context: Context
    ) -> wire.RecordPlaceCheckResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_place_check,
            handle=self._intake.admissions.record_place_check,
            encode=with_admission(wire.RecordPlaceCheckResponse),
        )

    async def RecordConsent(
        self, request: wire.RecordConsentRequest, context: Context
    ) -> wire.RecordConsentResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_consent,
            handle=self._intake.admissions.record_consent,
            encode=admissions_responses.record_consent,
        )

    async def RevokeConsent(
        self, request: wire.RevokeConsentRequest, context: Context
    ) -> wire.RevokeConsentResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.revoke_consent,
            handle=self._intake.admissions.revoke_consent,
            encode=admissions_responses.revoke_consent,
        )

    async def RecordEmergencyContact(
        self, request: wire.RecordEmergencyContactRequest, context: Context
    ) -> wire.RecordEmergencyContactResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_emergency_contact,
            handle=self._intake.admissions.record_emergency_contact,
            encode=with_admission(wire.RecordEmergencyContactResponse),
        )

    async def RecordLocation(
        self, request: wire.RecordLocationRequest, context: Context
    ) -> wire.RecordLocationResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.record_location,
            handle=self._intake.admissions.record_location,
            encode=with_admission(wire.RecordLocationResponse),
        )

    async def SignAdmission(
        self, request: wire.SignAdmissionRequest, context: Context
    ) -> wire.SignAdmissionResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.admit_patient,
            handle=self._intake.admissions.sign,
            encode=with_admission(wire.SignAdmissionResponse),
        )

    async def OverrideAdmissionGate(
        self, request: wire.OverrideAdmissionGateRequest, context: Context
    ) -> wire.OverrideAdmissionGateResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.override_admission_gate,
            handle=self._intake.admissions.override_gate,
            encode=with_admission(wire.OverrideAdmissionGateResponse),
        )

    async def AdmitPatient(
        self, request: wire.AdmitPatientRequest, context: Context
    ) -> wire.AdmitPatientResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.admit_patient,
            handle=self._intake.admissions.admit,
            encode=with_admission(wire.AdmitPatientResponse),
        )

    async def DischargePatient(
        self, request: wire.DischargePatientRequest, context: Context
    ) -> wire.DischargePatientResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.discharge_patient,
            handle=self._intake.admissions.discharge,
            encode=with_admission(wire.DischargePatientResponse),
        )

    async def ReferPatientUp(
        self, request: wire.ReferPatientUpRequest, context: Context
    ) -> wire.ReferPatientUpResponse:
        return await self._run(
            request,
            context,
            decode=admissions_requests.refer_patient_up,
            handle=self._intake.admissions.refer_up,
            encode=with_admission(wire.ReferPatientUpResponse),
        )

    async def GetAdmission(
        self, request: wire.GetAdmissionRequest, context: Context
    ) -> wire.GetAdmissionResponse:
        return await self._run(
            request,
            context,
            decode=people_requests.patient_id,
            handle=self._intake.charts.admission,
            encode=with_admission(wire.GetAdmissionResponse),
        )
