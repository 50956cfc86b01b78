"""What several use cases check before they act."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from chassis.errors import Aborted, FailedPrecondition
from chassis.store import Aggregate, Tx, etag_of
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.licensure import Lead, require_authority
from services.scheduling.domain.session import Session
from services.scheduling.domain.span import Span, first_clash
from services.scheduling.ports import Book, Books

A = TypeVar("A", bound=Aggregate)


def load_as_seen(book: Book[A], tx: Tx, id: str, etag: str) -> A:
    """The aggregate, in the version that the caller saw where the caller names one."""
    aggregate = book.load(tx, id)
    if etag and etag != etag_of(aggregate):
        raise Aborted("ETAG_STALE", "changed since it was read; read it again")
    return aggregate


def ahead(sessions: Iterable[Session], tx: Tx) -> list[Session]:
    """Those that have not begun."""
    return [each for each in sessions if each.span.start > tx.now]


def require_covered(books: Books, tx: Tx, sessions: Sequence[Session], states: set[str]) -> None:
    """Each session's facilitator must hold authority in these states."""
    found = books.clinicians.all_of(tx, {each.facilitator_id for each in sessions})
    licenses = {each.id: each.licenses for each in found}
    require_authority(
        [Lead(each.span, licenses.get(each.facilitator_id, ()), states) for each in sessions]
    )


def require_covering(
    books: Books, tx: Tx, clinician: Clinician, sessions: Sequence[Session]
) -> None:
    """The clinician must hold authority for everybody on each session's roster."""
    patients = books.patients.all_of(tx, rosters(sessions))
    states = {each.id: each.attending_state for each in patients}
    require_authority(
        [
            Lead(each.span, clinician.licenses, {states.get(one, "") for one in each.roster})
            for each in sessions
        ]
    )


def require_free_facilitator(
    books: Books, tx: Tx, clinician: Clinician, sessions: Sequence[Session]
) -> None:
    """Nobody leads two sessions at once."""
    led = books.sessions.open_of_facilitator(tx, clinician.id)
    _require_apart("FACILITATOR_BUSY", "the facilitator leads another session", sessions, led)


def require_free_patients(
    books: Books, tx: Tx, patient_ids: Collection[str], sessions: Sequence[Session]
) -> None:
    """Nobody sits in two sessions at once."""
    held = books.sessions.open_of_patients(tx, patient_ids)
    _require_apart("PATIENT_BUSY", "a patient has a seat in another session", sessions, held)


def rosters(sessions: Iterable[Session]) -> set[str]:
    """Everybody with a seat in any of them."""
    return {patient_id for each in sessions for patient_id in each.roster}


def _require_apart(
    reason: str, text: str, wanted: Sequence[Session], others: Sequence[Session]
) -> None:
    own = {each.id for each in wanted}
    taken: list[Span] = [each.span for each in others if each.id not in own]
    if (clash := first_clash([each.span for each in wanted], taken)) is not None:
        metadata = {"start_time": clash.start.isoformat()}
        raise FailedPrecondition(reason, f"{text} at that time", metadata=metadata)
