"""Who takes part. Everyone is fictional; names and contacts exist only in what the demo sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from cli.demo.timeline import Timeline
from cli.demo.world import Person, World
from cli.servers import Mail, SmtpServer

RIVERBEND, LAKESIDE = "riverbend", "lakeside"
RUNG_SECONDS = 3

PARTNER = Person(RIVERBEND, "partner-app", ("partner",))
COORDINATOR = Person(RIVERBEND, "coordinator-1", ("coordinator",))
ADMINISTRATOR = Person(RIVERBEND, "administrator-1", ("administrator",))
SUPERVISOR = Person(RIVERBEND, "supervisor-1", ("supervisor",))
PRIVACY_OFFICER = Person(RIVERBEND, "privacy-1", ("privacy_officer",))
OTHER_PARTNER = Person(LAKESIDE, "partner-app", ("partner",))
OTHER_PRIVACY_OFFICER = Person(LAKESIDE, "privacy-1", ("privacy_officer",))


@dataclass
class Story:
    """What the chapters share: the world, the timeline, and who became known on the way."""

    world: World
    timeline: Timeline
    smtp: SmtpServer
    rung_seconds: int = RUNG_SECONDS  # a slow machine must be able to answer in between
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def patient(self, name: str) -> Person:
        """A patient of the story by the part they play."""
        return self.people[name]

    def mails_to(self, address: str) -> list[Mail]:
        """What the mail server took for this address, oldest first."""
        return [mail for mail in self.smtp.mails() if address in mail.recipients]


def email_of(part: str) -> str:
    """The address of somebody in the story, in a domain that can never exist."""
    return f"{part}@haven.example"
