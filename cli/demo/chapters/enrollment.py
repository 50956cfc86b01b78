"""4. Nine hours a week: a whole series or nothing, led by somebody with the right license."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import grpc
from google.type.date_pb2 import Date
from haven.intake.v1 import intake_pb2
from haven.intake.v1 import resources_pb2 as intake
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.scheduling.v1 import scheduling_pb2

from cli.demo.cast import COORDINATOR, SUPERVISOR, Story
from cli.demo.world import refusal

ZONE = "America/New_York"
WEEKS, BLOCKS, COUNTED_MINUTES, BREAK_MINUTES = 8, 3, 180, 20
START_HOUR = 17
NOT_YET = {"NOT_FOUND", "PATIENT_NOT_ADMITTED", "PLAN_NOT_ACTIVE"}


def play(story: Story) -> None:
    """Plan, schedule, enroll."""
    story.timeline.chapter("4. Care plan and enrollment")
    _plan(story)
    group = story.world.ask(
        COORDINATOR,
        scheduling_pb2.CreateGroupRequest(
            display_name="Evening skills",
            track=scheduling.TRACK_MENTAL_HEALTH,
            kind=scheduling.GROUP_KIND_SKILLS,
            modality=scheduling.MODALITY_DIALECTICAL_BEHAVIOR,
            capacity=8,
        ),
    ).group
    story.ids["group"] = group.group_id
    series = _series(story, "facilitator")
    story.ids["series"] = series.series_id
    _enroll(story, series)
    _license(story, series.series_id)


def _plan(story: Story) -> None:
    world, patient = story.world, story.patient("first")
    drafted = _draft(patient.subject, owner_id=story.people["facilitator"].subject)
    plan = world.ask(story.people["facilitator"], drafted).care_plan
    for signer, role in (
        (patient, intake.SIGNER_ROLE_PATIENT),
        (story.people["facilitator"], intake.SIGNER_ROLE_PRIMARY_CLINICIAN),
        (SUPERVISOR, intake.SIGNER_ROLE_SUPERVISOR),
    ):
        world.ask(
            signer,
            intake_pb2.SignCarePlanRequest(care_plan_id=plan.care_plan_id, signer_role=role),
        )
    active = world.ask(
        story.people["facilitator"],
        intake_pb2.ActivateCarePlanRequest(care_plan_id=plan.care_plan_id),
    ).care_plan
    story.timeline.claim(
        "The signed plan asks for 9 hours a week",
        active.weekly_minutes == BLOCKS * COUNTED_MINUTES,
    )


def _draft(patient_id: str, *, owner_id: str) -> intake_pb2.CreateCarePlanRequest:
    due = date.today() + timedelta(weeks=WEEKS)  # noqa: DTZ011  # a due date has no zone
    return intake_pb2.CreateCarePlanRequest(
        patient_id=patient_id,
        problems=[intake.Problem(problem_id="p1", diagnosis_code="F33.1", priority=1)],
        goals=[intake.Goal(goal_id="g1", problem_id="p1")],
        goal_statements=[intake.GoalStatement(goal_id="g1", text="Sample words of a goal")],
        objectives=[
            intake.Objective(
                goal_id="g1",
                measure_code="44261-6",
                baseline=16,
                comparator=intake.COMPARATOR_AT_MOST,
                target=9,
                due_date=Date(year=due.year, month=due.month, day=due.day),
                owner_id=owner_id,
            )
        ],
        interventions=[
            intake.Intervention(
                modality=intake.MODALITY_GROUP,
                discipline="social_work",
                times_per_week=BLOCKS,
                minutes=COUNTED_MINUTES,
            )
        ],
        weeks=WEEKS,
    )


def _series(story: Story, facilitator: str) -> scheduling.Series:
    first = datetime.now(UTC).date() + timedelta(days=7)
    series: scheduling.Series = story.world.ask(
        COORDINATOR,
        scheduling_pb2.CreateSeriesRequest(
            group_id=story.ids["group"],
            facilitator_id=story.people[facilitator].subject,
            time_zone=ZONE,
            first_date=Date(year=first.year, month=first.month, day=first.day),
            weeks=WEEKS,
            blocks=[
                scheduling.WeeklyBlock(
                    weekday=day,
                    start_hour=START_HOUR,
                    start_minute=0,
                    counted_minutes=COUNTED_MINUTES,
                    break_minutes=BREAK_MINUTES,
                )
                for day in (
                    scheduling.WEEKDAY_MONDAY,
                    scheduling.WEEKDAY_WEDNESDAY,
                    scheduling.WEEKDAY_FRIDAY,
                )
            ],
        ),
    ).series
    return series


def _enroll(story: Story, series: scheduling.Series) -> None:
    world, timeline, patient = story.world, story.timeline, story.patient("first")

    def enrolled() -> scheduling.Enrollment | None:
        try:
            answer: scheduling.Enrollment = world.ask(
                COORDINATOR,
                scheduling_pb2.EnrollPatientRequest(
                    series_id=series.series_id, patient_id=patient.subject
                ),
            ).enrollment
        except grpc.RpcError as error:
            if refusal(error).reason in NOT_YET:
                return None  # the admission is on its way from intake
            raise
        return answer

    enrollment = timeline.wait("the admission to reach scheduling", enrolled, within=10)
    story.ids["enrollment"] = enrollment.enrollment_id
    timeline.note("scheduling", "Enrolled in the series", milliseconds=world.milliseconds)
    timeline.claim(
        f"A seat in all {WEEKS * BLOCKS} sessions of {WEEKS} weeks, or in none",
        len(enrollment.session_ids) == WEEKS * BLOCKS,
    )
    sessions = world.ask(
        patient,
        scheduling_pb2.ListSessionsRequest(
            patient_id=patient.subject, series_id=series.series_id, page_size=50
        ),
    ).sessions
    starts = {
        session.start_time.ToDatetime(tzinfo=UTC).astimezone(ZoneInfo(ZONE)).hour
        for session in sessions
    }
    timeline.claim(
        f"Each starts at {START_HOUR}:00 where the group is, whatever the clocks do",
        starts == {START_HOUR} and len(sessions) == WEEKS * BLOCKS,
        seen=f"{len(sessions)} sessions at {sorted(starts)}",
    )


def _license(story: Story, series_id: str) -> None:
    refused = story.world.refused(
        COORDINATOR,
        scheduling_pb2.AssignFacilitatorRequest(
            series_id=series_id, facilitator_id=story.people["unlicensed"].subject
        ),
    )
    story.timeline.claim(
        "A facilitator licensed in Maryland alone may not lead it (LICENSE_STATE_MISMATCH)",
        refused is not None and refused.reason == "LICENSE_STATE_MISMATCH",
        seen=str(refused),
    )
