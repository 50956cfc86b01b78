"""`haven templates`: translators see every wording, and the build refuses one that tells."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from cli.main import app
from services.notify.domain import template
from services.notify.domain.wording import Form, Language, Template, TemplateRef


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["templates", *arguments])
    return result.exit_code, result.output


def test_every_published_wording_may_be_sent() -> None:
    code, output = run("lint")

    assert (code, "nothing to refuse" in output) == (0, True)


def test_a_wording_that_tells_fails_the_build_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ref = TemplateRef("bad", 1)
    telling = Template(ref, frozenset(), {Language.ENGLISH: {"sms": Form("Your therapy starts")}})
    monkeypatch.setattr(template, "TEMPLATES", MappingProxyType({ref: telling}))

    code, output = run("lint")

    assert (code, "bad 1: en sms:" in output) == (1, True)


def test_every_form_can_be_read() -> None:
    code, output = run("show")

    assert code == 0
    assert "nudge 2 es push" in output
    assert "Tiene un mensaje nuevo" in output
