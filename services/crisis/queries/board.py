"""What the live board asks: all unresolved cases, and whether anything of them was missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.call import Call, system_call
from chassis.store import Page, Reader, Store
from services.crisis.domain.case import Case
from services.crisis.ports import Board


class BoardQueries:
    """Reads for people who watch, and for the process that serves them."""

    def __init__(self, store: Store, *, board: Board) -> None:
        self._store = store
        self._board = board

    def part(self, call: Call, page_token: str) -> Page[Case]:
        """Some unresolved cases of the caller's tenant, what needs people first."""
        return self._store.read(call, lambda reader: self._board.part(reader, page_token))

    def note_seen(self, call: Call, patients: Mapping[str, str]) -> None:
        """The caller is about to see changes of these cases, by case their patients: it is in the
        patients' trails first."""

        def look(reader: Reader) -> None:
            for case_id, patient_id in patients.items():
                reader.touch(patient_id, case_id)

        self._store.read(call, look)

    def note_opened(self, call: Call) -> None:
        """The caller has begun to watch."""
        self._store.read(call, lambda reader: reader.touch())

    def versions(self, tenant_id: str) -> dict[str, int]:
        """The version of each unresolved case. Nobody sees a chart by it."""
        return self._store.read(_unseen(tenant_id), self._board.versions)

    def cases(self, tenant_id: str, case_ids: Sequence[str]) -> list[Case]:
        """These cases as they are now, for readers whose trails name them already or will first."""

        def look(reader: Reader) -> list[Case]:
            return self._board.cases(reader, case_ids)

        return self._store.read(_unseen(tenant_id), look)


def _unseen(tenant_id: str) -> Call:
    return system_call(tenant_id, service="crisis", action="")
