"""The indexes that scheduling's questions need."""

from __future__ import annotations

from chassis.store import Index, due_index

TENANT = ("tenant_id", 1)
IN_ORDER = (("create_time", 1), ("_id", 1))
BY_START = (("start_time", 1), ("_id", 1))

INDEXES: tuple[Index, ...] = (
    Index("clinicians", [TENANT, *IN_ORDER]),
    Index("groups", [TENANT, *IN_ORDER]),
    Index("series", [TENANT, *IN_ORDER]),
    Index("series", [TENANT, ("group_id", 1), *IN_ORDER]),
    Index("sessions", [TENANT, *BY_START]),
    Index("sessions", [TENANT, ("series_id", 1), *BY_START]),
    Index("sessions", [TENANT, ("group_id", 1), *BY_START]),
    Index("sessions", [TENANT, ("roster", 1), *BY_START]),
    Index("sessions", [TENANT, ("facilitator_id", 1), *BY_START]),
    Index("sessions", [TENANT, ("co_facilitators.clinician_id", 1), *BY_START]),
    due_index("sessions", "due_time"),
    Index("enrollments", [TENANT, *IN_ORDER]),
    Index("enrollments", [TENANT, ("patient_id", 1), *IN_ORDER]),
    Index("enrollments", [TENANT, ("series_id", 1), *IN_ORDER]),
    # One enrollment per patient and series holds, however many ask at once.
    Index(
        "enrollments",
        [TENANT, ("series_id", 1), ("patient_id", 1)],
        unique=True,
        partial={"is_open": True},
    ),
    Index("license_conflicts", [TENANT, ("patient_id", 1)]),
    Index("license_conflicts", [TENANT, ("detect_time", 1)], partial={"is_open": True}),
    Index("attendance", [TENANT, ("patient_id", 1), ("local_date", 1)]),
)
