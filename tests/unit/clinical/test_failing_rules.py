"""Where the rules themselves fail at a text, the text counts as the worst and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import pytest

from clinical import risk
from clinical.risk import Severity, assess


def _failing(*_: Any) -> NoReturn:
    raise ZeroDivisionError


def test_a_text_at_which_the_rules_fail_counts_as_the_worst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(risk, "readings", _failing)
    found = assess("good morning")

    assert (found.severity, found.findings) == (Severity.HIGH, ("unassessed",))
    assert found.is_unassessed


def test_a_text_on_which_the_rules_recur_for_ever_is_answered_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(text: str, spellers: Sequence[Any]) -> Any:
        return endless(text, spellers)

    monkeypatch.setattr(risk, "readings", endless)

    assert assess("good morning").severity is Severity.HIGH


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "\ufdd0" * 9_000, "a\u0301" * 20_000])
def test_no_odd_text_is_an_error(odd: str) -> None:
    assert not assess(odd).is_unassessed


def test_broken_data_stops_whoever_prepares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk, "_book", _failing)

    with pytest.raises(ZeroDivisionError):
        risk.prepare()
