"""The domain's words for the wire's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from haven.scheduling.v1 import resources_pb2 as wire

from services.scheduling.domain.clinician import Profession
from services.scheduling.domain.dose import DoseState
from services.scheduling.domain.enrollment import EnrollmentState
from services.scheduling.domain.group import GroupKind, Modality, Track
from services.scheduling.domain.licensure import LicenseKind
from services.scheduling.domain.series import SeriesState
from services.scheduling.domain.session import SessionState

K = TypeVar("K")
V = TypeVar("V")


def _turned(mapping: Mapping[K, V]) -> Mapping[V, K]:
    return MappingProxyType({value: key for key, value in mapping.items()})


PROFESSIONS = MappingProxyType(
    {
        wire.PROFESSION_PSYCHOLOGIST: Profession.PSYCHOLOGIST,
        wire.PROFESSION_COUNSELOR: Profession.COUNSELOR,
        wire.PROFESSION_SOCIAL_WORKER: Profession.SOCIAL_WORKER,
        wire.PROFESSION_MARRIAGE_FAMILY_THERAPIST: Profession.MARRIAGE_FAMILY_THERAPIST,
        wire.PROFESSION_NURSE: Profession.NURSE,
        wire.PROFESSION_PHYSICIAN: Profession.PHYSICIAN,
    }
)
LICENSE_KINDS = MappingProxyType(
    {
        wire.LICENSE_KIND_LICENSE: LicenseKind.LICENSE,
        wire.LICENSE_KIND_COMPACT_PRIVILEGE: LicenseKind.COMPACT_PRIVILEGE,
        wire.LICENSE_KIND_TELEHEALTH_REGISTRATION: LicenseKind.TELEHEALTH_REGISTRATION,
        wire.LICENSE_KIND_TEMPORARY_PRACTICE: LicenseKind.TEMPORARY_PRACTICE,
    }
)
TRACKS = MappingProxyType(
    {
        wire.TRACK_MENTAL_HEALTH: Track.MENTAL_HEALTH,
        wire.TRACK_SUBSTANCE_USE: Track.SUBSTANCE_USE,
        wire.TRACK_CO_OCCURRING: Track.CO_OCCURRING,
    }
)
GROUP_KINDS = MappingProxyType(
    {
        wire.GROUP_KIND_PROCESS: GroupKind.PROCESS,
        wire.GROUP_KIND_SKILLS: GroupKind.SKILLS,
        wire.GROUP_KIND_EDUCATION: GroupKind.EDUCATION,
    }
)
MODALITIES = MappingProxyType(
    {
        wire.MODALITY_COGNITIVE_BEHAVIORAL: Modality.COGNITIVE_BEHAVIORAL,
        wire.MODALITY_DIALECTICAL_BEHAVIOR: Modality.DIALECTICAL_BEHAVIOR,
        wire.MODALITY_ACCEPTANCE_COMMITMENT: Modality.ACCEPTANCE_COMMITMENT,
        wire.MODALITY_MOTIVATIONAL: Modality.MOTIVATIONAL,
        wire.MODALITY_RELAPSE_PREVENTION: Modality.RELAPSE_PREVENTION,
        wire.MODALITY_TRAUMA_FOCUSED: Modality.TRAUMA_FOCUSED,
        wire.MODALITY_INTEGRATED: Modality.INTEGRATED,
    }
)
# Monday is 0, as Python and dateutil count.
WEEKDAYS = MappingProxyType(
    {
        wire.WEEKDAY_MONDAY: 0,
        wire.WEEKDAY_TUESDAY: 1,
        wire.WEEKDAY_WEDNESDAY: 2,
        wire.WEEKDAY_THURSDAY: 3,
        wire.WEEKDAY_FRIDAY: 4,
        wire.WEEKDAY_SATURDAY: 5,
        wire.WEEKDAY_SUNDAY: 6,
    }
)
PROFESSION_NUMBERS = _turned(PROFESSIONS)
LICENSE_KIND_NUMBERS = _turned(LICENSE_KINDS)
TRACK_NUMBERS = _turned(TRACKS)
GROUP_KIND_NUMBERS = _turned(GROUP_KINDS)
MODALITY_NUMBERS = _turned(MODALITIES)
WEEKDAY_NUMBERS = _turned(WEEKDAYS)
SERIES_STATE_NUMBERS = MappingProxyType(
    {
        SeriesState.ACTIVE: wire.SERIES_STATE_ACTIVE,
        SeriesState.ENDED: wire.SERIES_STATE_ENDED,
    }
)
SESSION_STATE_NUMBERS = MappingProxyType(
    {
        SessionState.SCHEDULED: wire.SESSION_STATE_SCHEDULED,
        SessionState.STARTED: wire.SESSION_STATE_STARTED,
        SessionState.ENDED: wire.SESSION_STATE_ENDED,
        SessionState.CANCELED: wire.SESSION_STATE_CANCELED,
    }
)
ENROLLMENT_STATE_NUMBERS = MappingProxyType(
    {
        EnrollmentState.ACTIVE: wire.ENROLLMENT_STATE_ACTIVE,
        EnrollmentState.NEEDS_REVIEW: wire.ENROLLMENT_STATE_NEEDS_REVIEW,
        EnrollmentState.CANCELED: wire.ENROLLMENT_STATE_CANCELED,
        EnrollmentState.COMPLETED: wire.ENROLLMENT_STATE_COMPLETED,
    }
)
DOSE_STATE_NUMBERS = MappingProxyType(
    {
        DoseState.MET: wire.DOSE_STATE_MET,
        DoseState.ON_TRACK: wire.DOSE_STATE_ON_TRACK,
        DoseState.SHORTFALL: wire.DOSE_STATE_SHORTFALL,
    }
)
