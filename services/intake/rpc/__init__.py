"""IntakeService: each method is one use case."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2, intake_pb2_grpc

from chassis.rpc.bridge import Bridge
from chassis.rpc.server import Served
from services.intake.bootstrap import Intake
from services.intake.rpc.admissions import AdmissionMethods
from services.intake.rpc.care_plans import CarePlanMethods
from services.intake.rpc.course import CourseMethods
from services.intake.rpc.people import PeopleMethods
from services.intake.rpc.reveals import RevealMethods
from services.intake.rpc.screenings import ScreeningMethods

SERVICE = intake_pb2.DESCRIPTOR.services_by_name["IntakeService"]


class IntakeServicer(
    PeopleMethods,
    RevealMethods,
    ScreeningMethods,
    AdmissionMethods,
    CarePlanMethods,
    CourseMethods,
    intake_pb2_grpc.IntakeServiceServicer,
):
    """Decodes, runs and encodes; knows nothing of intake."""


def served(intake: Intake, bridge: Bridge) -> Served:
    """The service as a server adds it."""
    add = intake_pb2_grpc.add_IntakeServiceServicer_to_server
    return Served(add, IntakeServicer(intake, bridge), SERVICE)
