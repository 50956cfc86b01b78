"""What is shown of several things at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.episode import Episode
from services.intake.domain.gates import GateFinding, GateRules, referral_up_reasons
from services.intake.domain.patient import Identity
from services.intake.domain.reveal import AliasReveal


@dataclass(frozen=True, slots=True)
class AdmissionView:
    """An episode with its gates, judged at one instant."""

    episode: Episode
    findings: tuple[GateFinding, ...]
    referral_up_reasons: tuple[str, ...]

    @classmethod
    def of(cls, episode: Episode, rules: GateRules, now: datetime) -> AdmissionView:
        """Judge the gates now."""
        standing = episode.standing_referral
        indicated = referral_up_reasons(episode.level_of_care, rules)
        reasons = dict.fromkeys([*(standing.reasons if standing else ()), *indicated])
        return cls(episode, episode.gates(rules, now), tuple(reasons))


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """The care of one patient at a glance."""

    episode: Episode
    attended_seconds: int
    sessions_attended: int
    sessions_missed: int
    open_case_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevealedAlias:
    """A reveal, and who it is: None in the answer that is kept for repeats."""

    reveal: AliasReveal
    identity: Identity | None = None
