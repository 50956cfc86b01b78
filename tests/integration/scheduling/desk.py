"""A stock client of scheduling's api, and another process that hands events over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.type.date_pb2 import Date
from grpc_status.rpc_status import from_call
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import resources_pb2 as resource
from haven.scheduling.v1 import scheduling_pb2 as wire
from haven.scheduling.v1 import scheduling_pb2_grpc

from chassis.ids import new_id
from tests.integration.publishers import Publishers

WEEKDAYS = (resource.WEEKDAY_MONDAY, resource.WEEKDAY_WEDNESDAY, resource.WEEKDAY_FRIDAY)
TODAY = datetime.now(UTC).date()


def day(value: date) -> Date:
    return Date(year=value.year, month=value.month, day=value.day)


def a_block(weekday: Any, **changes: Any) -> resource.WeeklyBlock:
    facts: dict[str, Any] = {"start_hour": 18, "counted_minutes": 180, "break_minutes": 20}
    return resource.WeeklyBlock(weekday=weekday, **(facts | changes))


class Refused(Exception):
    """A call that was not answered: the code, the reason, the fields and the facts."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        status = from_call(error)
        for detail in status.details:
            detail.Unpack(info)
            detail.Unpack(fields)
        super().__init__(f"{error.code().name} {info.reason}: {error.details()}")
        self.code, self.reason, self.domain = error.code().name, info.reason, info.domain
        self.metadata = dict(info.metadata)
        self.violations = [(each.field, each.reason) for each in fields.field_violations]
        self.text = error.details()


class Desk:
    """Someone with a token, calling the public address."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub: Any = scheduling_pb2_grpc.SchedulingServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def ask(self, request: Any) -> Any:
        """The answer; mutations get a key of their own unless they carry one."""
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = new_id()
        method = getattr(self._stub, request.DESCRIPTOR.name.removesuffix("Request"))
        try:
            return await method(request, metadata=self._metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            raise Refused(error) from None

    async def refusal(self, request: Message) -> Refused:
        """The refusal of what must not be answered."""
        try:
            answer = await self.ask(request)
        except Refused as refused:
            return refused
        raise AssertionError(f"answered: {answer}")

    async def clinician(self, *states: str) -> str:
        """The id of a clinician licensed in these states."""
        register = wire.RegisterClinicianRequest(profession=resource.PROFESSION_SOCIAL_WORKER)
        clinician_id = (await self.ask(register)).clinician.clinician_id
        for state in states:
            await self.ask(a_license(clinician_id, state))
        return str(clinician_id)

    async def group(self, **changes: Any) -> str:
        """The id of a skills group."""
        facts: dict[str, Any] = {
            "display_name": "Evening skills",
            "track": resource.TRACK_MENTAL_HEALTH,
            "kind": resource.GROUP_KIND_SKILLS,
            "modality": resource.MODALITY_INTEGRATED,
            "capacity": 8,
        }
        group = (await self.ask(wire.CreateGroupRequest(**(facts | changes)))).group
        return str(group.group_id)

    async def series(self, facilitator_id: str, **changes: Any) -> resource.Series:
        """A series of nine hours a week."""
        request = a_series(await self.group(), facilitator_id, **changes)
        series: resource.Series = (await self.ask(request)).series
        return series


def a_license(clinician_id: str, state: str, **changes: Any) -> wire.AddLicenseRequest:
    """Valid from last year to the year after next."""
    facts: dict[str, Any] = {
        "kind": resource.LICENSE_KIND_LICENSE,
        "effective_date": day(TODAY - timedelta(days=300)),
        "expire_date": day(TODAY + timedelta(days=900)),
    }
    return wire.AddLicenseRequest(clinician_id=clinician_id, state=state, **(facts | changes))


def a_series(group_id: str, facilitator_id: str, **changes: Any) -> wire.CreateSeriesRequest:
    """Three evening blocks a week for eight weeks, from next week on."""
    facts: dict[str, Any] = {
        "time_zone": "America/New_York",
        "first_date": day(TODAY + timedelta(days=7)),
        "weeks": 8,
        "blocks": [a_block(each) for each in WEEKDAYS],
    }
    return wire.CreateSeriesRequest(
        group_id=group_id, facilitator_id=facilitator_id, **(facts | changes)
    )


class Intake:
    """The neighbors, handing their facts over."""

    def __init__(self, publishers: Publishers) -> None:
        self._publishers = publishers

    async def admits(self, *, state: str = "VA", tenant_id: str = "alpha") -> str:
        """The id of an admitted patient with a plan of nine hours a week."""
        patient_id = new_id()
        admitted = intake.PatientAdmitted(patient_id=patient_id, episode_id=new_id(), state=state)
        admitted.admit_time.FromDatetime(datetime.now(UTC))
        await self.tells(admitted, tenant_id=tenant_id)
        plan = intake.CarePlanActivated(
            patient_id=patient_id, care_plan_id=new_id(), weekly_minutes=540, weeks=8
        )
        await self.tells(plan, tenant_id=tenant_id)
        return patient_id

    async def tells(self, event: Message, *, tenant_id: str = "alpha", event_id: str = "") -> bool:
        """Deliver one event; True where it had been delivered before."""
        return await self._publishers.tell(event, tenant_id=tenant_id, event_id=event_id)
