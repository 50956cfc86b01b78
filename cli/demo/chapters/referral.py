"""1. A partner app refers an adult who sits in Virginia; a second tenant sees nothing of it."""

from __future__ import annotations

from google.type.date_pb2 import Date
from haven.intake.v1 import intake_pb2
from haven.intake.v1 import resources_pb2 as intake

from chassis.ids import new_id
from cli.demo.cast import LAKESIDE, OTHER_PARTNER, PARTNER, RIVERBEND, Story, email_of
from cli.demo.world import Person

# Parts in the story: the one we follow, the one who calls for help, the one who does not come,
# and the one who needs more than this program.
PARTS = ("first", "second-patient", "missing", "withdrawal")


def play(story: Story) -> None:
    """Refer the patients of both tenants."""
    world, timeline = story.world, story.timeline
    timeline.chapter("1. Referral")
    for part in PARTS:
        referral = world.ask(PARTNER, request_for(part)).referral
        story.people[part] = Person(RIVERBEND, referral.patient_id, ("patient",))
        story.ids[f"{part}.referral"] = referral.referral_id
        timeline.note(
            "intake", "A person who sits in Virginia is referred", milliseconds=world.milliseconds
        )
    other = world.ask(OTHER_PARTNER, request_for("other", state="OR")).referral
    story.people["other"] = Person(LAKESIDE, other.patient_id, ("patient",))
    _claims(story, other.referral_id)


def request_for(part: str, *, state: str = "VA") -> intake_pb2.CreateReferralRequest:
    """The referral of one fictional adult."""
    return intake_pb2.CreateReferralRequest(
        request_id=new_id(),
        legal_name=f"Sample {part.title()}",
        birth_date=Date(year=1990, month=5, day=17),
        email=email_of(part),
        phone="+15405550100",
        time_zone="America/New_York",
        state=state,
        track=intake.TRACK_MENTAL_HEALTH,
        payer=intake.PAYER_COMMERCIAL,
    )


def _claims(story: Story, other_referral: str) -> None:
    world, timeline = story.world, story.timeline
    again = request_for("repeated", state="OR")
    first = world.ask(OTHER_PARTNER, again).referral
    timeline.claim(
        "The same request sent twice gives the first answer and one referral",
        world.ask(OTHER_PARTNER, again).referral == first,
    )
    seen = world.ask(OTHER_PARTNER, intake_pb2.ListReferralsRequest()).referrals
    timeline.claim(
        "The second tenant lists its own referrals only",
        {referral.referral_id for referral in seen} == {other_referral, first.referral_id},
    )
    refused = world.refused(
        OTHER_PARTNER, intake_pb2.GetReferralRequest(referral_id=story.ids["first.referral"])
    )
    timeline.claim(
        "For the second tenant the first tenant's referral does not exist (NOT_FOUND)",
        refused is not None and refused.code == "NOT_FOUND",
        seen=str(refused),
    )
