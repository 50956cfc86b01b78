"""A lock screen tells nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chassis.errors import FailedPrecondition
from services.notify.domain.template import TEMPLATES, Template, TemplateRef, template

# clinical.md 6.4: no diagnosis, program type, group, specialty or score.
TELLING = re.compile(
    r"(?i)suicid|depress|anxi|addict|substance|sober|therap|clinic|mental|health|crisis|risk|safe|"
    r"group|session|program|iop|treatment|patient|screen|score|phq|gad|haven"
)


@pytest.mark.parametrize("wording", TEMPLATES.values(), ids=lambda each: each.ref.id)
def test_no_wording_tells_what_haven_is_for(wording: Any) -> None:
    assert not TELLING.search(wording.subject + wording.body)


@pytest.mark.parametrize("wording", TEMPLATES.values(), ids=lambda each: each.ref.id)
def test_every_wording_is_complete_with_a_reference(wording: Any) -> None:
    subject, body = wording.render({"reference": "c-1", "link": "https://messages.example/a/x"})

    assert "$" not in subject + body


def test_a_missing_value_is_a_named_failure_not_a_broken_mail() -> None:
    wording = Template(TemplateRef("test", 1), "Hello $name", "Bye")

    with pytest.raises(FailedPrecondition) as refused:
        wording.render({})

    assert refused.value.reason == "TEMPLATE_VALUE_MISSING"


def test_a_version_that_this_release_does_not_know_is_refused() -> None:
    with pytest.raises(FailedPrecondition):
        template(TemplateRef("page", 99))
