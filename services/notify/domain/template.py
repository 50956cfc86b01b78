"""What messages say, by name: which version of which wording is sent for what."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chassis.errors import FailedPrecondition
from services.notify.domain.published import PUBLISHED
from services.notify.domain.wording import Template, TemplateRef

__all__ = [
    "ANSWERS", "CANCELED", "CHOICES", "CODE", "COVER_CLOSED", "COVER_OPEN", "HELP", "MOVED",
    "NOTHING_OPEN", "NUDGE", "OVERDUE", "PAGE", "PERISHABLE", "PERSON_WAITING", "RECORDED",
    "REMINDER", "RESUMED", "ROOM_WAITING", "STOPPED", "SUPPORT", "TASK", "TEMPLATES", "Template",
    "TemplateRef", "template",
]  # fmt: skip

# Staff: acknowledge a page. What may be replied or pressed is added by whoever carries it.
PAGE = TemplateRef("page", 3)
# Patients: a session began without them; a session is near.
NUDGE, REMINDER = TemplateRef("nudge", 2), TemplateRef("reminder", 1)
# Patients who were reminded of it: it is at another time; it is not.
MOVED, CANCELED = TemplateRef("moved", 1), TemplateRef("canceled", 1)
# Patients: something that they were given to do is due soon, or was. Staff: something to look at.
TASK = TemplateRef("task", 1)
# Staff: something on their list is overdue.
OVERDUE = TemplateRef("overdue", 1)
# Staff on duty: somebody waits in the queue.
PERSON_WAITING = TemplateRef("person-waiting", 1)
# Staff on duty, and the session's own: a room has nobody who leads it.
ROOM_WAITING = TemplateRef("room-waiting", 1)
# Supervisors: hours that nobody covers; they are settled.
COVER_OPEN, COVER_CLOSED = TemplateRef("cover-open", 1), TemplateRef("cover-closed", 1)
# Proof that a contact point is its owner's.
CODE = TemplateRef("code", 1)
# Answers to texts: after STOP, HELP and START, and what anybody is told who may need a person now.
STOPPED, HELP = TemplateRef("stopped", 1), TemplateRef("help", 1)
RESUMED, SUPPORT = TemplateRef("resumed", 1), TemplateRef("support", 1)
# Answers to texts of staff: about their pages.
RECORDED, NOTHING_OPEN = TemplateRef("recorded", 1), TemplateRef("nothing-open", 1)
CHOICES = TemplateRef("choices", 1)
# Nobody gets one of these who has not just written.
ANSWERS = frozenset({STOPPED, HELP, RESUMED, SUPPORT, RECORDED, NOTHING_OPEN, CHOICES})
# True for minutes, or until a session begins: none of them is kept to go again another day.
PERISHABLE = frozenset(
    each.id for each in (*ANSWERS, CODE, PERSON_WAITING, ROOM_WAITING, REMINDER, MOVED, CANCELED)
)


TEMPLATES: Mapping[TemplateRef, Template] = MappingProxyType({each.ref: each for each in PUBLISHED})


def template(ref: TemplateRef) -> Template:
    """The wording of that version; FailedPrecondition where this release does not know it."""
    if (found := TEMPLATES.get(ref)) is None:
        raise FailedPrecondition("TEMPLATE_UNKNOWN", "no such version of a template")
    return found
