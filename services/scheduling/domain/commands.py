"""What scheduling may be asked to do or to show. Imperative, and it may be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.scheduling.domain.clinician import Profession
from services.scheduling.domain.group import GroupKind, Modality, Track
from services.scheduling.domain.licensure import LicenseKind
from services.scheduling.domain.recurrence import Pattern


@dataclass(frozen=True, slots=True)
class RegisterClinician:
    """Make a clinician known."""

    profession: Profession


@dataclass(frozen=True, slots=True)
class AddLicense:
    """Add one right to treat."""

    clinician_id: str
    kind: LicenseKind
    state: str
    home_state: str
    effective_date: date
    expire_date: date
    etag: str = ""


@dataclass(frozen=True, slots=True)
class RevokeLicense:
    """End a license now."""

    clinician_id: str
    license_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Create a group."""

    display_name: str
    track: Track
    kind: GroupKind
    modality: Modality
    capacity: int


@dataclass(frozen=True, slots=True)
class CreateSeries:
    """Create a group's weekly series and all its sessions."""

    group_id: str
    facilitator_id: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class AssignFacilitator:
    """Give all that lies ahead of a series to a clinician."""

    series_id: str
    facilitator_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class SubstituteFacilitator:
    """Give one session to a clinician."""

    session_id: str
    facilitator_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class AssignCoFacilitators:
    """Let these clinicians, and nobody else, help to lead one session."""

    session_id: str
    co_facilitator_ids: tuple[str, ...]
    etag: str = ""


@dataclass(frozen=True, slots=True)
class EnrollPatient:
    """Seat a patient in all that lies ahead of a series."""

    series_id: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class CancelEnrollment:
    """Give the seats ahead back."""

    enrollment_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleSession:
    """Schedule a one-off session; without a start time, now."""

    group_id: str
    facilitator_id: str
    patient_ids: tuple[str, ...]
    start_time: datetime | None
    time_zone: str
    counted_minutes: int
    break_minutes: int


@dataclass(frozen=True, slots=True)
class CancelSession:
    """Call a session off."""

    session_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class PageOf:
    """Which page of a list."""

    size: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class ListSeries:
    """Series of a group, or all."""

    group_id: str
    page: PageOf


@dataclass(frozen=True, slots=True)
class ListEnrollments:
    """Enrollments of a patient, of a series, or all."""

    patient_id: str
    series_id: str
    page: PageOf


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Sessions, narrowed by whatever is given."""

    patient_id: str
    group_id: str
    series_id: str
    facilitator_id: str
    after_time: datetime | None
    before_time: datetime | None
    page: PageOf


@dataclass(frozen=True, slots=True)
class GetDose:
    """A patient's week."""

    patient_id: str
    day: date
