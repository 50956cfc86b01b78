"""Before the story: clinicians with licenses, who is on call, and how they are reached."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from haven.crisis.v1 import crisis_pb2, events_pb2
from haven.crisis.v1 import resources_pb2 as crisis
from haven.notify.v1 import notify_pb2
from haven.notify.v1 import resources_pb2 as notify
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.scheduling.v1 import scheduling_pb2

from cli.demo.cast import ADMINISTRATOR, COORDINATOR, SUPERVISOR, Story, email_of
from cli.demo.chapters.proof import prove
from cli.demo.world import Person, World

SEVERITIES = (events_pb2.SEVERITY_LOW, events_pb2.SEVERITY_MODERATE, events_pb2.SEVERITY_HIGH)
# Part in the story and the state of the license.
CLINICIANS = (("facilitator", "VA"), ("second", "VA"), ("unlicensed", "MD"))


def play(story: Story) -> None:
    """Set up the program of the first tenant."""
    story.timeline.chapter("Before: a program with clinicians, licenses and people on call")
    for part, state in CLINICIANS:
        _clinician(story, part, state)
    _reachable(story)
    _on_call(story)


def prove_supervisors(story: Story) -> None:
    """Where every ladder ends it must be sure that somebody hears."""
    address = email_of("supervisor-pool")
    prove(story, "The supervisors'", address, by=SUPERVISOR, recipient_id="supervisor-pool")


def _clinician(story: Story, part: str, state: str) -> None:
    story.people[part] = register(story.world, COORDINATOR, state)
    story.timeline.note(
        "scheduling",
        f"A clinician with a license for {state}",
        milliseconds=story.world.milliseconds,
    )


def register(world: World, coordinator: Person, state: str) -> Person:
    """A clinician with a license for one state."""
    registered = world.ask(
        coordinator,
        scheduling_pb2.RegisterClinicianRequest(profession=scheduling.PROFESSION_SOCIAL_WORKER),
    ).clinician
    world.ask(
        coordinator,
        scheduling_pb2.AddLicenseRequest(
            clinician_id=registered.clinician_id,
            kind=scheduling.LICENSE_KIND_LICENSE,
            state=state,
            effective_date=Date(year=2020, month=1, day=1),
            expire_date=Date(year=2099, month=12, day=31),
        ),
    )
    return Person(coordinator.tenant, registered.clinician_id, ("clinician",))


def _reachable(story: Story) -> None:
    recipients = {part: story.people[part].subject for part, _ in CLINICIANS}
    recipients["supervisor-pool"] = "supervisor-pool"
    for part, recipient in recipients.items():
        story.world.ask(
            ADMINISTRATOR,
            notify_pb2.RegisterContactPointRequest(
                recipient_id=recipient,
                channel=notify.CHANNEL_EMAIL,
                address=email_of(part),
            ),
        )
    story.timeline.note("notify", "Everyone on call has an e-mail address")


def _on_call(story: Story) -> None:
    start = Timestamp()
    start.GetCurrentTime()
    start.FromDatetime(start.ToDatetime() - timedelta(days=1))
    for rotation, part in (("on-call", "facilitator"), ("back-up", "second")):
        story.world.ask(
            ADMINISTRATOR,
            crisis_pb2.PutRotationRequest(
                rotation=crisis.Rotation(
                    rotation_id=rotation,
                    time_zone="America/New_York",
                    start_time=start,
                    shift_days=7,
                    clinician_ids=[story.people[part].subject],
                )
            ),
        )
    for severity in SEVERITIES:
        story.world.ask(
            ADMINISTRATOR,
            crisis_pb2.PutEscalationPolicyRequest(
                escalation_policy=_policy(severity, story.rung_seconds)
            ),
        )
    now = story.world.ask(ADMINISTRATOR, crisis_pb2.WhoIsOnCallRequest(rotation_id="on-call"))
    story.timeline.claim(
        "Somebody is on call at this moment",
        now.is_covered and now.clinician_id == story.people["facilitator"].subject,
    )


def _policy(severity: events_pb2.Severity.ValueType, seconds: int) -> crisis.EscalationPolicy:
    targets = (
        crisis.EscalationTarget(rotation_id="on-call"),
        crisis.EscalationTarget(rotation_id="back-up"),
        crisis.EscalationTarget(supervisor_pool=True),
    )
    wait = Duration(seconds=seconds)
    return crisis.EscalationPolicy(
        severity=severity,
        rungs=[crisis.EscalationRung(wait_duration=wait, targets=[target]) for target in targets],
    )
