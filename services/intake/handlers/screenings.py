"""Answering instruments. What an answer raises is committed with the answer."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.intake.domain.commands import RecordAnswers, SubmitScreening
from services.intake.domain.evidence import Risk
from services.intake.domain.instruments import INSTRUMENTS
from services.intake.domain.screening import (
    RiskSeen,
    Screening,
    ScreeningEnded,
    ScreeningRules,
)
from services.intake.domain.tier import Tier
from services.intake.ports import Book, EpisodeBook, PolicyOf

screenings_total = Counter(
    "haven_intake_screenings", "Screenings that ended, by what stood.", ["instrument", "tier"]
)


def expect_screenings() -> None:
    """Every instrument and tier at 0."""
    for instrument in INSTRUMENTS:
        for tier in Tier:
            screenings_total.labels(instrument.id, tier.word)


class Screenings:
    """Screenings from their first answer to their end."""

    def __init__(
        self,
        store: Store,
        *,
        screenings: Book[Screening],
        episodes: EpisodeBook,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._policy_of = store, policy_of
        self._screenings, self._episodes = screenings, episodes

    def start(self, call: Call, command: SubmitScreening) -> Screening:
        """Open an instrument for a patient."""
        call.require_self(command.patient_id)
        screening_id = new_id()

        def opened(tx: Tx) -> Screening:
            return self._screenings.insert(tx, self._opened(tx, command, screening_id))

        return self._store.transact(call, opened)

    def submit(self, call: Call, command: SubmitScreening) -> Screening:
        """Open, answer and complete in one commit."""
        call.require_self(command.patient_id)
        screening_id, rules = new_id(), self._rules(call)

        def submitted(tx: Tx) -> Screening:
            screening = self._opened(tx, command, screening_id)
            screening.record(command.answers, rules, tx.now)
            screening.complete(rules, tx.now)
            self._tell_episode(tx, screening)
            return self._screenings.insert(tx, screening)

        return self._counted(self._store.transact(call, submitted))

    def record_answers(self, call: Call, command: RecordAnswers) -> Screening:
        """Take answers as they are given."""
        rules = self._rules(call)
        return self._change(
            call,
            command.screening_id,
            lambda screening, tx: screening.record(command.answers, rules, tx.now),
        )

    def complete(self, call: Call, screening_id: str) -> Screening:
        """Score and close."""
        rules = self._rules(call)
        return self._counted(
            self._change(
                call, screening_id, lambda screening, tx: screening.complete(rules, tx.now)
            )
        )

    def close_left(self, call: Call, screening_id: str) -> None:
        """Close a screening that was left after a safety item; nothing where it was not."""
        rules = self._rules(call)

        def closed(tx: Tx) -> Screening | None:
            screening = self._screenings.load(tx, screening_id)
            if not screening.leave(rules, tx.now):
                return None
            self._tell_episode(tx, screening)
            return self._screenings.save(tx, screening)

        if (left := self._store.transact(call, closed)) is not None:
            self._counted(left)

    def _change(
        self, call: Call, screening_id: str, act: Callable[[Screening, Tx], None]
    ) -> Screening:
        def changed(tx: Tx) -> Screening:
            screening = self._screenings.load(tx, screening_id)
            call.require_self(screening.patient_id)
            was_pending = screening.is_pending
            act(screening, tx)
            if screening.events or screening.is_pending != was_pending:
                self._tell_episode(tx, screening)
            return self._screenings.save(tx, screening)

        return self._store.transact(call, changed)

    def _opened(self, tx: Tx, command: SubmitScreening, screening_id: str) -> Screening:
        episode = self._episodes.of(tx, command.patient_id)
        return Screening(
            id=screening_id,
            patient_id=command.patient_id,
            instrument_id=command.instrument.id,
            instrument_version=command.instrument.version,
            is_part2_protected=episode.is_part2_protected,
            create_time=tx.now,
        )

    def _tell_episode(self, tx: Tx, screening: Screening) -> None:
        """The admission gate must know of risk, and of a safety screening under way or ended."""
        episode = self._episodes.of(tx, screening.patient_id)
        for event in screening.events:
            match event:
                case RiskSeen():
                    episode.note_risk(_risk(event))
                case ScreeningEnded() if screening.is_safety_screening:
                    episode.note_ended(screening.id, event.time)
        if screening.is_safety_screening and screening.is_pending:
            episode.note_pending(screening.id)
        self._episodes.save(tx, episode)

    def _rules(self, call: Call) -> ScreeningRules:
        return self._policy_of(call.tenant_id).screening_rules()

    def _counted(self, screening: Screening) -> Screening:
        screenings_total.labels(screening.instrument_id, screening.tier.word).inc()
        return screening


def _risk(seen: RiskSeen) -> Risk:
    return Risk(
        id=seen.risk_id,
        screening_id=seen.screening_id,
        tier=seen.tier,
        trigger=seen.trigger,
        raise_time=seen.time,
    )
