"""8. Read back: who saw what, what each process counted, and one trace of it all."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from haven.audit.v1 import audit_pb2, audit_pb2_grpc
from haven.intake.v1 import intake_pb2
from haven.intake.v1 import resources_pb2 as intake

from cli.demo.cast import OTHER_PRIVACY_OFFICER, PRIVACY_OFFICER, Story
from cli.demo.world import Person

SERVICES = ("intake", "scheduling", "sessions", "crisis", "notify")


def play(story: Story, *, metrics: Mapping[str, str], traces: Path) -> None:
    """Read the audit trail, the metrics and the trace."""
    story.timeline.chapter("8. Read back")
    _audit(story)
    _metrics(story, metrics)
    _trace(story, traces)


def _audit(story: Story) -> None:
    patient, clinician = story.patient("first"), story.people["facilitator"]
    story.world.ask(
        clinician,
        intake_pb2.RevealPatientIdentityRequest(
            patient_id=patient.subject, purpose=intake.REVEAL_PURPOSE_TREATMENT
        ),
    )
    own = _accesses(story, patient, patient.subject, "intake")
    story.timeline.claim(
        "The patient sees who revealed the own identity, and why",
        any(
            entry.actor_id == clinician.subject
            and entry.action == "identity.reveal"
            and entry.purpose
            for entry in own
        ),
        seen=f"{len(own)} entries",
    )
    trail = {service: _entries(story, PRIVACY_OFFICER, service) for service in SERVICES}
    story.timeline.claim(
        "Each service's audit trail tells who did and saw what",
        all(trail.values()),
        seen=str({service: len(entries) for service, entries in trail.items()}),
    )
    others = {entry.patient_id for entry in _entries(story, OTHER_PRIVACY_OFFICER, "intake")}
    story.timeline.claim(
        "The other tenant's trail holds nothing of it", patient.subject not in others
    )


def _accesses(
    story: Story, person: Person, patient_id: str, service: str
) -> list[audit_pb2.AuditEntry]:
    stub = audit_pb2_grpc.AuditServiceStub(story.world.channel(service))
    answer = stub.ListPatientAccesses(
        audit_pb2.ListPatientAccessesRequest(patient_id=patient_id, page_size=200),
        metadata=story.world.metadata(person),
    )
    return list(answer.audit_entries)


def _entries(story: Story, person: Person, service: str) -> list[audit_pb2.AuditEntry]:
    stub = audit_pb2_grpc.AuditServiceStub(story.world.channel(service))
    answer = stub.ListAuditEntries(
        audit_pb2.ListAuditEntriesRequest(page_size=200), metadata=story.world.metadata(person)
    )
    return list(answer.audit_entries)


def _metrics(story: Story, metrics: Mapping[str, str]) -> None:
    silent = [process for process, address in metrics.items() if not _scrape(address)]
    story.timeline.claim(
        f"Each of the {len(metrics)} processes answers on its metrics port",
        not silent and len(metrics) == 16,
        seen=", ".join(silent),
    )
    handled = _total(_scrape(metrics["crisis-api"]), "haven_rpc_requests_total")
    story.timeline.note("crisis", f"{handled:.0f} RPCs counted by its api")
    dead = sum(
        _total(_scrape(address), "haven_dead_letters")
        for process, address in metrics.items()
        if process.endswith("relay")
    )
    story.timeline.claim("No message was left in a dead queue", dead == 0, seen=f"{dead:.0f}")
    _auditor(story, metrics["crisis-auditor"])


def _auditor(story: Story, address: str) -> None:
    """Found by looking at what is stored, and tried by a call for help of its own."""
    # The second tenant of the story never said who is on call: that is what is to be found.
    expected = ['haven_crisis_audit_findings{kind="tenant_without_cover"} 1.0']

    def looked() -> bool:
        """True once the look that is shown came after the supervisors proved their address."""
        return _wrong(address) == expected

    story.timeline.wait("the auditor to look", looked, within=20)
    story.timeline.claim(
        "The auditor finds nothing wrong but the tenant for which nobody is on call", looked()
    )

    def drilled() -> bool:
        return _total(_scrape(address), "haven_crisis_drill_last_success_timestamp_seconds") > 0

    story.timeline.wait("a self-drill to pass", drilled, within=60)
    story.timeline.note("crisis", "A self-drill reached its responder on the same way")


def _wrong(address: str) -> list[str]:
    return [
        line
        for line in _scrape(address).splitlines()
        if line.startswith("haven_crisis_audit_findings{") and not line.endswith(" 0.0")
    ]


def _scrape(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:  # loopback
        return str(answer.read().decode())


def _total(text: str, metric: str) -> float:
    lines = (line for line in text.splitlines() if line.startswith((metric + "{", metric + " ")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def _leads(spans: list[dict[str, object]], way: tuple[str, ...]) -> bool:
    """Whether some span of the last service descends from the others, in this order."""
    known = {span["span_id"]: span for span in spans}

    def services(span: dict[str, object] | None) -> list[str]:
        names: list[str] = []
        while span is not None:
            names.append(str(span["service"]))
            span = known.get(span["parent_id"])
        return names[::-1]

    for span in spans:
        if span["service"] == way[-1]:
            ancestors = iter(services(span))
            if all(name in ancestors for name in way):
                return True
    return False


def _trace(story: Story, traces: Path) -> None:
    def complete() -> list[dict[str, object]] | None:
        spans = [json.loads(line) for line in traces.read_text().splitlines() if line]
        own = [span for span in spans if span["trace_id"] == story.world.trace_id]
        return own if {span["service"] for span in own} >= set(SERVICES) else None

    spans = story.timeline.wait("the spans of all services", complete, within=10)
    count = {name: sum(span["service"] == name for span in spans) for name in SERVICES}
    story.timeline.claim(
        f"One trace of {len(spans)} spans names all five services",
        all(count.values()),
        seen=str(count),
    )
    for way in (("sessions", "crisis", "notify"), ("scheduling", "intake", "sessions")):
        story.timeline.claim(
            f"In it one act leads from {way[0]} to {way[1]} to {way[2]}", _leads(spans, way)
        )
    for name, spans_of in count.items():
        story.timeline.note(name, f"{spans_of} spans of the story's trace")
