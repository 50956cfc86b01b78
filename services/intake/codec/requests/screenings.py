"""Which instrument, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence

from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.decode import REQUIRED, TOO_LONG, Fields
from services.intake.codec.names import DISPOSITIONS
from services.intake.codec.requests.people import one_id
from services.intake.domain import commands
from services.intake.domain.answers import GivenAnswer
from services.intake.domain.instruments import instrument_of

MOST_ANSWERS = 100


def list_instruments(request: intake_pb2.ListInstrumentsRequest) -> None:
    """Nothing is asked but the list."""
    del request


def start_screening(request: intake_pb2.StartScreeningRequest) -> commands.SubmitScreening:
    """Which instrument for whom."""
    fields = Fields(request)
    patient_id = fields.identifier("patient_id")
    names = fields.text("instrument"), fields.text("instrument_version")
    fields.done()
    return commands.SubmitScreening(patient_id, instrument_of(*names))


def submit_screening(request: intake_pb2.SubmitScreeningRequest) -> commands.SubmitScreening:
    """A whole form at once."""
    fields = Fields(request)
    patient_id = fields.identifier("patient_id")
    names = fields.text("instrument"), fields.text("instrument_version")
    answers = _answers(fields, request.answers)
    fields.done()
    return commands.SubmitScreening(patient_id, instrument_of(*names), answers)


def record_answers(request: intake_pb2.RecordAnswersRequest) -> commands.RecordAnswers:
    """Answers as they are given."""
    fields = Fields(request)
    command = commands.RecordAnswers(
        fields.identifier("screening_id"), _answers(fields, request.answers)
    )
    fields.done()
    return command


def complete_screening(request: intake_pb2.CompleteScreeningRequest) -> str:
    """Which screening ends."""
    return one_id(request, "screening_id")


def get_screening(request: intake_pb2.GetScreeningRequest) -> str:
    """Which screening."""
    return one_id(request, "screening_id")


def list_screenings(request: intake_pb2.ListScreeningsRequest) -> commands.ListScreenings:
    """Which part of which list; staff may leave the patient open."""
    fields = Fields(request)
    page = commands.ListPage(
        fields.optional_identifier("patient_id"), request.page_size, request.page_token
    )
    fields.done()
    return commands.ListScreenings(page, request.only_safety_item_unanswered)


def resolve_risk(request: intake_pb2.ResolveRiskRequest) -> commands.ResolveRisk:
    """What a clinician decided about which risk."""
    fields = Fields(request)
    command = commands.ResolveRisk(
        patient_id=fields.identifier("patient_id"),
        risk_id=fields.identifier("risk_id"),
        disposition=fields.enum("disposition", DISPOSITIONS),
    )
    fields.done()
    return command


def _answers(fields: Fields, answers: Sequence[resources_pb2.Answer]) -> tuple[GivenAnswer, ...]:
    """As given: whether they fit the instrument is the domain's to say."""
    if not answers:
        fields.fault("answers", REQUIRED, "needs at least one")
    if len(answers) > MOST_ANSWERS:
        fields.fault("answers", TOO_LONG, f"may have at most {MOST_ANSWERS}")
    return tuple(_answer(each) for each in answers[:MOST_ANSWERS])


def _answer(answer: resources_pb2.Answer) -> GivenAnswer:
    """The three forms; a form that says nothing stays an answer that is missing."""
    match answer.WhichOneof("answer"):
        case "value":
            return GivenAnswer(answer.item_code, value=answer.value)
        case "answer_code":
            return GivenAnswer(answer.item_code, answer_code=answer.answer_code)
        case "skipped":
            return GivenAnswer(answer.item_code, is_skipped=answer.skipped)
        case _:
            return GivenAnswer(answer.item_code)
