"""Screenings and instruments."""

from __future__ import annotations

from collections.abc import Sequence

from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import Page
from services.intake.codec.messages import timestamp
from services.intake.codec.names import SCORE_METHODS, SCREENING_STATES, TIERS
from services.intake.domain.answers import Answer, Unread
from services.intake.domain.instruments.model import Instrument, Item
from services.intake.domain.scoring import Score
from services.intake.domain.screening import Screening


def list_instruments(instruments: Sequence[Instrument]) -> intake_pb2.ListInstrumentsResponse:
    """What can be answered."""
    return intake_pb2.ListInstrumentsResponse(
        instruments=[
            resources_pb2.Instrument(
                instrument=each.id,
                instrument_version=each.version,
                panel_code=each.panel_code,
                items=[_item(item) for item in each.items],
            )
            for each in instruments
        ]
    )


def start_screening(screening: Screening) -> intake_pb2.StartScreeningResponse:
    """The opened screening."""
    return intake_pb2.StartScreeningResponse(screening=_screening(screening))


def record_answers(screening: Screening) -> intake_pb2.RecordAnswersResponse:
    """What the answers already say."""
    return intake_pb2.RecordAnswersResponse(screening=_screening(screening))


def submit_screening(screening: Screening) -> intake_pb2.SubmitScreeningResponse:
    """The ended screening."""
    return intake_pb2.SubmitScreeningResponse(screening=_screening(screening))


def complete_screening(screening: Screening) -> intake_pb2.CompleteScreeningResponse:
    """The ended screening."""
    return intake_pb2.CompleteScreeningResponse(screening=_screening(screening))


def get_screening(screening: Screening) -> intake_pb2.GetScreeningResponse:
    """One screening."""
    return intake_pb2.GetScreeningResponse(screening=_screening(screening))


def list_screenings(page: Page[Screening]) -> intake_pb2.ListScreeningsResponse:
    """A part of the list."""
    return intake_pb2.ListScreeningsResponse(
        screenings=[_screening(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def _screening(screening: Screening) -> resources_pb2.Screening:
    message = resources_pb2.Screening(
        screening_id=screening.id,
        patient_id=screening.patient_id,
        instrument=screening.instrument_id,
        instrument_version=screening.instrument_version,
        state=SCREENING_STATES.number(screening.state),
        answers=[_answer(code, value) for code, value in screening.answers.items()],
        score=_score(screening.score) if screening.score else None,
        tier=TIERS.number(screening.tier),
        is_safety_item_unanswered=screening.is_safety_item_unanswered,
        create_time=timestamp(screening.create_time),
        update_time=timestamp(screening.update_time or screening.create_time),
    )
    if screening.leave_deadline_time is not None:
        message.leave_deadline_time.FromDatetime(screening.leave_deadline_time)
    if screening.complete_time is not None:
        message.complete_time.FromDatetime(screening.complete_time)
    return message


def _answer(code: str, answer: Answer) -> resources_pb2.Answer:
    match answer:
        case None:
            return resources_pb2.Answer(item_code=code, skipped=True)
        case Unread():
            return resources_pb2.Answer(item_code=code, fault=answer.value)
        case _:
            return resources_pb2.Answer(item_code=code, value=answer)


def _score(score: Score) -> resources_pb2.Score:
    return resources_pb2.Score(
        value=score.value,
        method=SCORE_METHODS.number(score.method),
        missing_items=score.missing,
        band=score.band,
    )


def _item(item: Item) -> resources_pb2.InstrumentItem:
    return resources_pb2.InstrumentItem(
        item_code=item.code,
        position=item.position,
        lowest_value=item.low,
        highest_value=item.high,
        is_scored=item.is_scored,
        is_safety_item=item.is_safety_item,
        answer_codes=item.answer_codes,
    )
