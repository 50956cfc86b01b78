"""What messages say. A lock screen may be read by anybody: no names, no reasons, no program.

clinical.md 6.4: no diagnosis, program type, group name, specialty or score; neutral sender.
A published version is never edited: a new wording is a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template as Placeholders
from types import MappingProxyType

from chassis.errors import FailedPrecondition


@dataclass(frozen=True, slots=True)
class TemplateRef:
    """One version of one template."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Template:
    """A subject and a text with `$name` placeholders."""

    ref: TemplateRef
    subject: str
    body: str

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and text; FailedPrecondition where a value is missing."""
        try:
            return (
                Placeholders(self.subject).substitute(values),
                Placeholders(self.body).substitute(values),
            )
        except KeyError as error:
            text = "a value of the template is missing"
            raise FailedPrecondition("TEMPLATE_VALUE_MISSING", text) from error


PAGE_WITHOUT_LINK = TemplateRef("page", 1)
PAGE = TemplateRef("page", 2)
NUDGE = TemplateRef("nudge", 1)

TEMPLATES: Mapping[TemplateRef, Template] = MappingProxyType(
    {
        PAGE_WITHOUT_LINK: Template(
            PAGE_WITHOUT_LINK,
            subject="Please answer now",
            body=(
                "You are being called. Please open the app and acknowledge now;\n"
                "otherwise the next person is called.\n"
                "\n"
                "Reference: $reference\n"
            ),
        ),
        # The link is empty where the channel or the deployment has none.
        PAGE: Template(
            PAGE,
            subject="Please answer now",
            body=(
                "You are being called. Please open the app and acknowledge now;\n"
                "otherwise the next person is called.\n"
                "\n"
                "$link\n"
                "\n"
                "Reference: $reference\n"
            ),
        ),
        NUDGE: Template(
            NUDGE,
            subject="You have a new message",
            body="You have a new message. Please open the app when you can.\n",
        ),
    }
)


def template(ref: TemplateRef) -> Template:
    """The wording of that version; FailedPrecondition where this release does not know it."""
    if (found := TEMPLATES.get(ref)) is None:
        raise FailedPrecondition("TEMPLATE_UNKNOWN", "no such version of a template")
    return found
