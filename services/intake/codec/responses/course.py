"""The course of care."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import Page
from services.intake.codec.messages import timestamp
from services.intake.codec.names import (
    ADMISSION_STATES,
    CASE_STATES,
    SEVERITY_NUMBERS,
    TRACKS,
)
from services.intake.codec.responses.evidence import optional_timestamp
from services.intake.domain.copies import Absence, Attendance, CaseCopy
from services.intake.domain.views import EpisodeView


def get_episode(view: EpisodeView) -> intake_pb2.GetEpisodeResponse:
    """The care of one patient at a glance."""
    episode = view.episode
    return intake_pb2.GetEpisodeResponse(
        episode=resources_pb2.Episode(
            episode_id=episode.id,
            patient_id=episode.patient_id,
            state=ADMISSION_STATES.number(episode.state),
            track=TRACKS.number(episode.track),
            admit_time=optional_timestamp(episode.admit_time),
            active_care_plan_id=episode.active_care_plan_id,
            weekly_minutes=episode.weekly_minutes,
            attended_seconds=view.attended_seconds,
            sessions_attended=view.sessions_attended,
            sessions_missed=view.sessions_missed,
            open_case_ids=view.open_case_ids,
            is_part2_protected=episode.is_part2_protected,
        )
    )


def list_attendances(page: Page[Attendance]) -> intake_pb2.ListAttendancesResponse:
    """A part of the counted time."""
    return intake_pb2.ListAttendancesResponse(
        attendances=[
            resources_pb2.Attendance(
                session_id=each.session_id,
                patient_id=each.patient_id,
                counted_seconds=each.counted_seconds,
                update_time=optional_timestamp(each.update_time),
            )
            for each in page.items
        ],
        next_page_token=page.next_page_token,
    )


def list_absences(page: Page[Absence]) -> intake_pb2.ListAbsencesResponse:
    """A part of the sessions not joined in time."""
    return intake_pb2.ListAbsencesResponse(
        absences=[
            resources_pb2.Absence(
                session_id=each.session_id,
                patient_id=each.patient_id,
                notice_time=timestamp(each.notice_time),
            )
            for each in page.items
        ],
        next_page_token=page.next_page_token,
    )


def list_patient_cases(page: Page[CaseCopy]) -> intake_pb2.ListPatientCasesResponse:
    """A part of the crisis cases."""
    return intake_pb2.ListPatientCasesResponse(
        patient_cases=[
            resources_pb2.PatientCase(
                case_id=each.id,
                patient_id=each.patient_id,
                state=CASE_STATES.number(each.state),
                severity=SEVERITY_NUMBERS[each.severity],
                open_time=optional_timestamp(each.open_time),
                resolve_time=optional_timestamp(each.resolve_time),
            )
            for each in page.items
        ],
        next_page_token=page.next_page_token,
    )
