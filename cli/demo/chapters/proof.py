"""An address gets a code, and the code comes back."""

from __future__ import annotations

import re

from haven.notify.v1 import preferences_pb2
from haven.notify.v1 import resources_pb2 as notify

from cli.demo.cast import Story
from cli.demo.world import Person


def prove(story: Story, whose: str, address: str, *, by: Person, recipient_id: str) -> None:
    """Somebody proves the mail address of a recipient, their own or one that they see to."""
    start = preferences_pb2.StartVerificationRequest(
        recipient_id=recipient_id, channel=notify.CHANNEL_EMAIL
    )
    # Until word of a patient's address has reached notify there is nothing to prove.
    story.timeline.wait(
        "the address at notify", lambda: story.world.refused(by, start) is None, within=20
    )
    mails = story.timeline.wait("the code", lambda: story.mails_to(address) or None, within=10)
    (code,) = re.findall(r"\b\d{6}\b", mails[-1].text)
    confirm = preferences_pb2.ConfirmVerificationRequest(
        recipient_id=recipient_id, channel=notify.CHANNEL_EMAIL, code=code
    )
    story.timeline.claim(
        f"{whose} address is proved by a code that went there",
        story.world.ask(by, confirm).outcome == preferences_pb2.VERIFICATION_OUTCOME_VERIFIED,
    )
