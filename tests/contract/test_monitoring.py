"""Alerts, runbooks and the dashboard ask for what the code has; no label can name a person."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from cli.stack import commands
from services.notify.codec.documents import DUE_FIELDS

ROOT = Path(__file__).parents[2]
MONITORING, RUNBOOKS = ROOT / "deploy" / "monitoring", ROOT / "docs" / "runbooks"
METRIC = re.compile(r"\bhaven_(?!(?:service|process)\b)[a-z_]+[a-z]")
DEFINED = re.compile(r'"(haven_[a-z_]+)"')
RECORDED = re.compile(r"haven:[a-z_]+:[a-z0-9_]+")
# name{label="value", label=~"a|b"}
SELECTOR = re.compile(r"(haven_[a-z_]+[a-z])\{([^}]*)\}")
MATCHER = re.compile(r'([a-z_]+)(=~?)"([^"]*)"')
ABSENT = re.compile(r'absent\(up\{haven_process="([a-z]+)", haven_service="([a-z]+)"\}\)')
EXCEPT = re.compile(r'job!~"([a-z|-]+)"')
DUE_WORK = re.compile(r'DueWork\(\s*"([a-z-]+)"')
HEADINGS = (
    "## What it means for people",
    "## The first five minutes",
    "## How to see it",
    "## How to repair it",
    "## How to know that it is over",
)
EXPORT = """
import services.crisis.rounds, services.crisis.handlers.drills, services.crisis.handlers.cases
import services.notify.handlers.counting, chassis.outbox.courier
from prometheus_client import REGISTRY, generate_latest
print(generate_latest(REGISTRY).decode())
"""
# Labels of ours: codes that are known when a process starts. Prometheus adds the rest.
LABELS = {
    "action", "answer", "channel", "class", "code", "consumer", "device", "exchange", "job",
    "kind", "method", "model", "outcome", "provider", "queue", "reason", "sender", "service",
    "severity", "state", "step", "type", "verdict", "version", "wish", "instrument", "tier", "le",
}  # fmt: skip
ADDED = {"haven_process", "haven_service", "instance", "pod"}
MOST_SERIES = 500  # of one metric in one process


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def dashboards() -> list[Path]:
    return sorted((MONITORING / "dashboards").glob("*.json"))


def dashboard_exprs() -> list[str]:
    return [
        target["expr"]
        for path in dashboards()
        for panel in json.loads(path.read_text())["panels"]
        for target in panel.get("targets", [])
    ]


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in rules()), *dashboard_exprs()]


def known() -> set[str]:
    """Every metric of the code in every form in which it is exported."""
    return {
        form
        for package in ("chassis", "services")
        for file in (ROOT / package).rglob("*.py")
        for name in DEFINED.findall(file.read_text())
        for form in (name, *(f"{name}_{end}" for end in ("total", "bucket", "count", "sum")))
    }


@pytest.fixture(scope="module")
def families() -> dict[str, Metric]:
    """What a fresh process exports as soon as its modules are imported, whatever tests did here."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EXPORT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = text_string_to_metric_families(done.stdout)
    return {metric.name: metric for metric in found if metric.name.startswith("haven_")}


def test_every_alert_and_panel_asks_for_a_metric_that_a_process_has() -> None:
    asked = {name for expr in expressions() for name in METRIC.findall(expr)}

    assert len(asked) > 20
    assert asked <= known()


def test_every_recorded_ratio_that_is_asked_for_is_recorded() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = {name for expr in expressions() for name in RECORDED.findall(expr)}

    assert asked <= recorded
    assert recorded <= asked | {"haven:pages_late:ratio_rate3d"}


def test_every_label_value_that_is_asked_for_exists(families: dict[str, Metric]) -> None:
    """An alert on a value that no process ever sets would never fire."""
    checked = 0
    for expr in expressions():
        for name, matchers in SELECTOR.findall(expr):
            for label, how, value in MATCHER.findall(matchers):
                values = _values(families, name, label)
                if values is None or label in ADDED:
                    continue
                pattern = re.compile(
                    value.replace("\\\\", "\\") if how == "=~" else re.escape(value)
                )
                assert any(pattern.fullmatch(each) for each in values), (name, label, value)
                checked += 1
    assert checked >= 10


def _values(families: dict[str, Metric], name: str, label: str) -> set[str] | None:
    """The label's values; None where a metric has none before a process starts its work."""
    samples = [each for metric in families.values() for each in metric.samples if each.name == name]
    return {each.labels[label] for each in samples if label in each.labels} or None


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    named = {alert["alert"] for alert in alerts()}
    pages = {path.stem for path in RUNBOOKS.glob("[A-Z]*.md")}

    assert pages == named
    for alert in alerts():
        assert alert["annotations"]["runbook"] == f"docs/runbooks/{alert['alert']}.md"
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["annotations"]["summary"].endswith((".", "`"))


def test_no_two_alerts_have_one_name() -> None:
    names = [alert["alert"] for alert in alerts()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("alert", [alert["alert"] for alert in alerts()])
def test_a_page_says_what_it_means_what_to_do_and_when_it_is_over(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text()
    parts = re.split(r"^(## .+)$", text, flags=re.MULTILINE)

    assert text.startswith(f"# {alert}\n")
    assert tuple(parts[1::2]) == HEADINGS
    assert all(part.strip() for part in parts[2::2])
    assert set(METRIC.findall(text)) <= known()


def test_the_index_leads_to_every_page() -> None:
    index = (RUNBOOKS / "alerts.md").read_text()

    assert all(f"({alert['alert']}.md)" in index for alert in alerts())


def test_every_kind_of_finding_wakes_somebody() -> None:
    from services.crisis.domain.findings import FindingKind

    asked = " ".join(alert["expr"] for alert in alerts())
    assert all(f'kind="{kind}"' in asked for kind in FindingKind)


def test_a_kind_of_process_that_is_gone_wakes_somebody_whichever_it_is() -> None:
    """What no pod exports any more is no series, on which no other alert can look."""
    asked = " ".join(alert["expr"] for alert in alerts())
    watched = {f"{service}-{process}" for process, service in ABSENT.findall(asked)}

    assert watched | {"crisis-auditor"} == set(commands())
    assert "absent(haven_crisis_audit_last_round_timestamp_seconds)" in asked


def test_the_work_that_may_wait_is_work_that_there_is_and_none_of_it_is_about_danger() -> None:
    (stand,) = [alert["expr"] for alert in alerts() if alert["alert"] == "TimersStand"]
    (named,) = EXCEPT.findall(stand)
    works = {f"{message_class}-messages" for message_class in DUE_FIELDS} | {
        name
        for file in (ROOT / "services").glob("*/timers.py")
        for name in DUE_WORK.findall(file.read_text())
    }
    about_danger = {"screenings-left", "crisis-messages", "clinical-messages", "case-deadlines"}

    assert set(named.split("|")) < works
    assert works - set(named.split("|")) >= about_danger | {"other-messages"}, "may be clinical"


def test_the_scrape_names_service_and_process_as_the_alerts_do() -> None:
    (job,) = yaml.safe_load((MONITORING / "scrape.yaml").read_text())["scrape_configs"]
    named = {each["target_label"] for each in job["relabel_configs"] if "target_label" in each}

    assert named == {"haven_service", "haven_process"}


def test_no_label_can_name_a_person_and_every_set_of_labels_is_bounded(
    families: dict[str, Metric],
) -> None:
    for metric in families.values():
        labels = {label for sample in metric.samples for label in sample.labels}
        assert labels <= LABELS, metric.name
        assert len(metric.samples) <= MOST_SERIES, metric.name
    for definition in _definitions():
        assert set(definition) <= LABELS, definition


def _definitions() -> Iterator[list[str]]:
    """The label names of every metric that is defined in the code."""
    pattern = re.compile(
        r"(?:Counter|Gauge|Histogram|GaugeMetricFamily)\(\s*\"haven_[^()]*?\[((?:\s*\"[a-z_]+\",?)+)\s*\]",
        re.DOTALL,
    )
    for package in ("chassis", "services"):
        for file in (ROOT / package).rglob("*.py"):
            for found in pattern.findall(file.read_text()):
                yield re.findall(r'"([a-z_]+)"', found)


def test_a_dashboard_has_panels_with_titles_and_its_ids_are_its_own() -> None:
    assert dashboards()
    for path in dashboards():
        board = json.loads(path.read_text())
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        assert all(panel["title"] for panel in board["panels"])
        assert board["uid"].startswith("haven-")


def promtools() -> list[str]:
    """Prometheus' own checker, where .ci/monitoring or the distribution has brought it."""
    found = shutil.which("promtool") or str(ROOT / ".haven" / "tools" / "promtool")
    return [found] if Path(found).exists() else []


@pytest.mark.parametrize("promtool", promtools())
@pytest.mark.parametrize("command", [("check", "alerts.yaml"), ("test", "alerts_test.yaml")])
def test_prometheus_itself_reads_and_plays_the_alerts(
    promtool: str, command: tuple[str, str]
) -> None:
    verb, file = command
    done = subprocess.run(
        [promtool, verb, "rules", str(MONITORING / file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("promtool", promtools())
def test_prometheus_itself_reads_what_the_dashboards_ask(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"haven:panel:number{index}", "expr": expr}
        for index, expr in enumerate(dashboard_exprs())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_that_are_played_are_alerts_that_there_are() -> None:
    played = yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
    names = {each["alertname"] for test in played for each in test.get("alert_rule_test", [])}

    assert names <= {alert["alert"] for alert in alerts()}
    assert {"DrillLate", "AuditorSilent", "CaseWithoutDeadline", "CaseUnacknowledged"} <= names
