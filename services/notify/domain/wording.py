"""How a message gets its words: one form per channel and language, filled in a sandbox.

Jinja2's sandbox lets a wording reach nothing but its values; a value that is missing or blank stops
the message instead of leaving a hole in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2 import Template as Compiled
from jinja2.sandbox import SandboxedEnvironment

from chassis.errors import FailedPrecondition

# Plain text for mails, telephones and speech: nothing here is HTML.
ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    keep_trailing_newline=True,
)


class Language(StrEnum):
    """What people are written to in."""

    ENGLISH = "en"
    SPANISH = "es"


@dataclass(frozen=True, slots=True)
class TemplateRef:
    """One version of one template."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Form:
    """What one channel shows: a mail's subject and text, a push's title and text, else a text."""

    body: str
    subject: str = ""


# By channel: "email", "sms", "voice" (spoken), "push", "webhook".
Forms = Mapping[str, Form]


@dataclass(frozen=True, slots=True)
class Template:
    """One version of what is said, and the values that it needs."""

    ref: TemplateRef
    variables: frozenset[str]
    forms: Mapping[Language, Forms]
    # Values that may be missing: nothing stands in their place.
    optional: frozenset[str] = frozenset()

    def render(
        self,
        values: Mapping[str, str],
        *,
        channel: str = "email",
        language: Language = Language.ENGLISH,
    ) -> tuple[str, str]:
        """Subject and text for the channel, in English where the language has no such form.

        FailedPrecondition: TEMPLATE_VALUE_MISSING where a value is missing or blank,
        TEMPLATE_FORM_MISSING where this version says nothing on the channel, TEMPLATE_INVALID.
        """
        if any(not values.get(name, "").strip() for name in self.variables):
            raise _value_missing()
        form = self.form(channel, language)
        whole = {**dict.fromkeys(self.optional, ""), **values}
        return _filled(form.subject, whole), _filled(form.body, whole)

    def form(self, channel: str, language: Language) -> Form:
        """The words as they were written."""
        for each in (language, Language.ENGLISH):
            if (found := self.forms.get(each, {}).get(channel)) is not None:
                return found
        raise FailedPrecondition("TEMPLATE_FORM_MISSING", "nothing is written for this channel")

    @property
    def digest(self) -> str:
        """Changes with every letter of every form: what was published is never edited."""
        lines = [f"{self.ref.id}.{self.ref.version}", *sorted(self.variables)]
        lines += [f"{name}?" for name in sorted(self.optional)]
        for language, forms in sorted(self.forms.items()):
            for channel, form in sorted(forms.items()):
                lines += [language, channel, form.subject, form.body]
        return hashlib.sha256("\x1f".join(lines).encode()).hexdigest()[:16]


def _filled(source: str, values: Mapping[str, str]) -> str:
    try:
        return _compiled(source).render(values)
    except UndefinedError as error:
        raise _value_missing() from error
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # Also what the sandbox forbids: secrets by TemplateError, sizes by OverflowError.
        raise FailedPrecondition("TEMPLATE_INVALID", "the template cannot be filled") from error


@cache
def _compiled(source: str) -> Compiled:
    return ENVIRONMENT.from_string(source)


def _value_missing() -> FailedPrecondition:
    return FailedPrecondition("TEMPLATE_VALUE_MISSING", "a value of the template is missing")
