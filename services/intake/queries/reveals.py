"""Names that were opened: who it is, for whom it was opened; that it was, for who watches."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.store import Filter, Page, Reader, Store
from services.intake.domain.commands import ListPage
from services.intake.domain.patient import Patient
from services.intake.domain.reveal import AliasReveal
from services.intake.domain.views import RevealedAlias
from services.intake.ports import Book, EpisodeBook, IdentityOf, RevealBook
from services.intake.queries.paging import of_somebody, page_of


class Reveals:
    """Reads of what was opened."""

    def __init__(
        self,
        store: Store,
        *,
        reveals: RevealBook,
        patients: Book[Patient],
        episodes: EpisodeBook,
        identity_of: IdentityOf,
    ) -> None:
        self._store, self._reveals, self._identity_of = store, reveals, identity_of
        self._patients, self._episodes = patients, episodes

    def read(self, call: Call, reveal_id: str) -> RevealedAlias:
        """Who it is, while it lasts; each read is on record with the reveal's purpose."""
        # Nobody's record yet, so that the one row that is left names the purpose.
        unnamed = replace(call, action="")
        purpose = self._store.read(unnamed, lambda tx: self._reveals.purpose_of(tx, reveal_id))

        def look(reader: Reader) -> tuple[AliasReveal, Patient]:
            reveal = self._reveals.load(reader, reveal_id)
            reveal.require_open(call.actor.subject, reader.now)
            return reveal, self._patients.load(reader, reveal.patient_id)

        reveal, patient = self._store.read(replace(call, purpose=purpose), look)
        return RevealedAlias(reveal, self._identity_of(call.tenant_id, patient))

    def list(self, call: Call, command: ListPage) -> Page[AliasReveal]:
        """A part of the reveals, newest first; nobody's identity."""
        one: Filter = {"patient_id": command.patient_id} if command.patient_id else {}
        page = page_of(call, self._reveals, command, one)
        return of_somebody(page, call, command, store=self._store, episodes=self._episodes)
