"""CrisisService: each method is one use case."""

from __future__ import annotations

from haven.crisis.v1 import crisis_pb2, crisis_pb2_grpc, events_pb2

from chassis.rpc.bridge import Bridge, Context
from chassis.rpc.executor import Urgency
from chassis.rpc.server import Served
from services.crisis.bootstrap import Crisis
from services.crisis.codec import answers, pack_answers, wire

SERVICE = crisis_pb2.DESCRIPTOR.services_by_name["CrisisService"]
# In a storm the worst is opened first; what does not say how bad it is may be the worst.
URGENCIES = {
    events_pb2.SEVERITY_MODERATE: Urgency.MODERATE,
    events_pb2.SEVERITY_LOW: Urgency.LOW,
}


def served(crisis: Crisis, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = crisis_pb2_grpc.add_CrisisServiceServicer_to_server
    return Served(add, CrisisServicer(crisis, bridge), SERVICE)


class CrisisServicer(crisis_pb2_grpc.CrisisServiceServicer):
    """Decodes, runs and encodes; knows nothing of crises."""

    def __init__(self, crisis: Crisis, bridge: Bridge) -> None:
        self._crisis = crisis
        self._run = bridge.run

    async def OpenCase(
        self, request: crisis_pb2.OpenCaseRequest, context: Context
    ) -> crisis_pb2.OpenCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.open_case,
            handle=self._crisis.cases.open,
            encode=answers.open_case,
            urgency=URGENCIES.get(request.severity, Urgency.HIGHEST),
        )

    async def ReportConcern(
        self, request: crisis_pb2.ReportConcernRequest, context: Context
    ) -> crisis_pb2.ReportConcernResponse:
        return await self._run(
            request,
            context,
            decode=wire.report_concern,
            handle=self._crisis.cases.report,
            encode=answers.report_concern,
        )

    async def AcknowledgeCase(
        self, request: crisis_pb2.AcknowledgeCaseRequest, context: Context
    ) -> crisis_pb2.AcknowledgeCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.acknowledge_case,
            handle=self._crisis.cases.acknowledge,
            encode=answers.acknowledge_case,
        )

    async def RecordContact(
        self, request: crisis_pb2.RecordContactRequest, context: Context
    ) -> crisis_pb2.RecordContactResponse:
        return await self._run(
            request,
            context,
            decode=wire.record_contact,
            handle=self._crisis.cases.record_contact,
            encode=answers.record_contact,
        )

    async def ResolveCase(
        self, request: crisis_pb2.ResolveCaseRequest, context: Context
    ) -> crisis_pb2.ResolveCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.resolve_case,
            handle=self._crisis.cases.resolve,
            encode=answers.resolve_case,
        )

    async def DeclineCase(
        self, request: crisis_pb2.DeclineCaseRequest, context: Context
    ) -> crisis_pb2.DeclineCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.decline_case,
            handle=self._crisis.cases.decline,
            encode=answers.decline_case,
        )

    async def EscalateCase(
        self, request: crisis_pb2.EscalateCaseRequest, context: Context
    ) -> crisis_pb2.EscalateCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.escalate_case,
            handle=self._crisis.cases.escalate,
            encode=answers.escalate_case,
        )

    async def AddResponder(
        self, request: crisis_pb2.AddResponderRequest, context: Context
    ) -> crisis_pb2.AddResponderResponse:
        return await self._run(
            request,
            context,
            decode=wire.add_responder,
            handle=self._crisis.cases.add_responder,
            encode=answers.add_responder,
        )

    async def HandOverCase(
        self, request: crisis_pb2.HandOverCaseRequest, context: Context
    ) -> crisis_pb2.HandOverCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.hand_over_case,
            handle=self._crisis.cases.hand_over,
            encode=answers.hand_over_case,
        )

    async def SnoozeCase(
        self, request: crisis_pb2.SnoozeCaseRequest, context: Context
    ) -> crisis_pb2.SnoozeCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.snooze_case,
            handle=self._crisis.cases.snooze,
            encode=answers.snooze_case,
        )

    async def IdentifyPatient(
        self, request: crisis_pb2.IdentifyPatientRequest, context: Context
    ) -> crisis_pb2.IdentifyPatientResponse:
        return await self._run(
            request,
            context,
            decode=wire.identify_patient,
            handle=self._crisis.cases.identify,
            encode=answers.identify_patient,
        )

    async def GetCase(
        self, request: crisis_pb2.GetCaseRequest, context: Context
    ) -> crisis_pb2.GetCaseResponse:
        return await self._run(
            request,
            context,
            decode=wire.case_id,
            handle=self._crisis.case_queries.get,
            encode=answers.get_case,
        )

    async def ListCases(
        self, request: crisis_pb2.ListCasesRequest, context: Context
    ) -> crisis_pb2.ListCasesResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_cases,
            handle=self._crisis.case_queries.page,
            encode=answers.list_cases,
        )

    async def ListCaseActs(
        self, request: crisis_pb2.ListCaseActsRequest, context: Context
    ) -> crisis_pb2.ListCaseActsResponse:
        return await self._run(
            request,
            context,
            decode=wire.list_case_acts,
            handle=self._crisis.case_queries.page_acts,
            encode=answers.list_case_acts,
        )

    async def GetPatientCaseStatus(
        self, request: crisis_pb2.GetPatientCaseStatusRequest, context: Context
    ) -> crisis_pb2.GetPatientCaseStatusResponse:
        return await self._run(
            request,
            context,
            decode=wire.patient_id,
            handle=self._crisis.case_queries.patient_status,
            encode=answers.patient_status,
        )

    async def GetEmergencyPack(
        self, request: crisis_pb2.GetEmergencyPackRequest, context: Context
    ) -> crisis_pb2.GetEmergencyPackResponse:
        return await self._run(
            request,
            context,
            decode=wire.reveal_pack,
            handle=self._crisis.pack_queries.reveal,
            encode=pack_answers.emergency_pack,
        )

    async def PutEscalationPolicy(
        self, request: crisis_pb2.PutEscalationPolicyRequest, context: Context
    ) -> crisis_pb2.PutEscalationPolicyResponse:
        return await self._run(
            request,
            context,
            decode=wire.put_policy,
            handle=self._crisis.planning.put_policy,
            encode=answers.put_policy,
        )

    async def GetEscalationPolicy(
        self, request: crisis_pb2.GetEscalationPolicyRequest, context: Context
    ) -> crisis_pb2.GetEscalationPolicyResponse:
        return await self._run(
            request,
            context,
            decode=wire.severity,
            handle=self._crisis.plan_queries.policy,
            encode=answers.get_policy,
        )

    async def PutRotation(
        self, request: crisis_pb2.PutRotationRequest, context: Context
    ) -> crisis_pb2.PutRotationResponse:
        return await self._run(
            request,
            context,
            decode=wire.put_rotation,
            handle=self._crisis.planning.put_rotation,
            encode=answers.put_rotation,
        )

    async def GetRotation(
        self, request: crisis_pb2.GetRotationRequest, context: Context
    ) -> crisis_pb2.GetRotationResponse:
        return await self._run(
            request,
            context,
            decode=wire.rotation_id,
            handle=self._crisis.plan_queries.rotation,
            encode=answers.get_rotation,
        )

    async def WhoIsOnCall(
        self, request: crisis_pb2.WhoIsOnCallRequest, context: Context
    ) -> crisis_pb2.WhoIsOnCallResponse:
        return await self._run(
            request,
            context,
            decode=wire.who_is_on_call,
            handle=self._crisis.plan_queries.on_call,
            encode=answers.who_is_on_call,
        )
