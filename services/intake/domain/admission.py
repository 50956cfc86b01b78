"""Where an admission stands, and how it gets from there to anywhere else."""

from __future__ import annotations

from enum import Enum


class AdmissionState(Enum):
    """Where the admission stands."""

    PENDING = "pending"
    ADMITTED = "admitted"
    REFERRED_UP = "referred_up"
    DISCHARGED = "discharged"


TRANSITIONS = {
    (AdmissionState.PENDING, "admit"): AdmissionState.ADMITTED,
    # Only through an overridden REFERRAL_UP gate.
    (AdmissionState.REFERRED_UP, "admit"): AdmissionState.ADMITTED,
    (AdmissionState.PENDING, "refer_up"): AdmissionState.REFERRED_UP,
    (AdmissionState.PENDING, "sign"): AdmissionState.PENDING,
    (AdmissionState.REFERRED_UP, "sign"): AdmissionState.REFERRED_UP,
    (AdmissionState.PENDING, "override"): AdmissionState.PENDING,
    (AdmissionState.REFERRED_UP, "override"): AdmissionState.REFERRED_UP,
    (AdmissionState.ADMITTED, "discharge"): AdmissionState.DISCHARGED,
    # A newer placement result that fits this program.
    (AdmissionState.REFERRED_UP, "return"): AdmissionState.PENDING,
}
REFUSALS = {
    AdmissionState.ADMITTED: ("ALREADY_ADMITTED", "the patient is admitted"),
    AdmissionState.REFERRED_UP: ("ALREADY_REFERRED_UP", "the patient stands referred up"),
    # Readmission is an episode of its own, which is not here yet.
    AdmissionState.DISCHARGED: ("ALREADY_DISCHARGED", "the program is over for the patient"),
    AdmissionState.PENDING: ("NOT_REFERRED_UP", "the patient does not stand referred up"),
}
