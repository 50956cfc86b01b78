"""What crisis reported last, in whatever order it came."""

from __future__ import annotations

from itertools import permutations

import pytest

from services.intake.domain.copies import CaseCopy, CaseReport, CaseState, Severity
from tests.unit.intake.builders import NOON, after

HISTORY = (
    (1, CaseReport("case", "ana", CaseState.OPEN, Severity.HIGH, open_time=NOON)),
    (2, CaseReport("case", "ana", CaseState.ESCALATED)),
    (3, CaseReport("case", "ana", CaseState.ACKNOWLEDGED)),
    (5, CaseReport("case", "ana", CaseState.RESOLVED, resolve_time=after(hours=1))),
)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_whatever_order_reports_come_the_newest_state_stands_and_nothing_is_lost(
    order: tuple[int, ...],
) -> None:
    case = CaseCopy(id="case", patient_id="ana", is_part2_protected=False)
    for place in order:
        version, report = HISTORY[place]
        case.hear(report, aggregate_version=version)
    assert (case.state, case.severity) == (CaseState.RESOLVED, Severity.HIGH)
    assert (case.open_time, case.resolve_time) == (NOON, after(hours=1))
    assert not case.is_open


def test_an_old_report_does_not_open_a_case_again() -> None:
    case = CaseCopy(id="case", patient_id="ana", is_part2_protected=False)
    case.hear(HISTORY[3][1], aggregate_version=5)
    case.hear(HISTORY[1][1], aggregate_version=2)
    assert not case.is_open


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_case_is_as_severe_as_the_worst_signal_that_joined_it(order: tuple[int, ...]) -> None:
    told = (Severity.LOW, Severity.HIGH, Severity.MODERATE)
    case = CaseCopy(id="case", patient_id="ana", is_part2_protected=False)
    for place in order:
        report = CaseReport("case", "ana", CaseState.OPEN, told[place], open_time=NOON)
        case.hear(report, aggregate_version=place + 1)
    assert case.severity is Severity.HIGH
