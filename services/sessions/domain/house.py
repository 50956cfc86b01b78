"""Who was let into a room besides its roster, who was shown out for good, and if it is shut."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.sessions.domain.roles import Role, title


@dataclass(frozen=True, slots=True)
class Grant:
    """A place in one session that staff gave to somebody."""

    person_id: str
    role: Role
    alias: str
    # Whose family it is; empty for the others.
    patient_id: str = ""
    granted_by: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """Of one session."""

    grants: tuple[Grant, ...] = ()
    # Cannot come back into this session.
    barred_ids: frozenset[str] = frozenset()
    # Nobody new comes in; who was in the room comes back.
    is_locked: bool = False
    # The highest number that a title had, by role: a name in the room is given once.
    titles_given: tuple[tuple[Role, int], ...] = ()

    def grant_of(self, person_id: str) -> Grant | None:
        """The place that somebody was given."""
        return next((each for each in self.grants if each.person_id == person_id), None)

    def with_grant(
        self, person_id: str, role: Role, *, patient_id: str, by: str, named_already: int = 0
    ) -> House:
        """One more place, under a title that nobody had before; instead of an older one. So many
        co-facilitators have their titles already."""
        known = self.grant_of(person_id)
        if known is not None and (known.role, known.patient_id) == (role, patient_id):
            return replace(self, grants=(*self.without(person_id).grants, known))
        taken = named_already if role is Role.CO_FACILITATOR else 0
        place = max(dict(self.titles_given).get(role, 0), taken) + 1
        grant = Grant(person_id, role, title(role, place), patient_id, by)
        given = {**dict(self.titles_given), role: place}
        others = self.without(person_id).grants
        return replace(self, grants=(*others, grant), titles_given=tuple(sorted(given.items())))

    def without(self, person_id: str) -> House:
        """That place is taken back."""
        kept = tuple(each for each in self.grants if each.person_id != person_id)
        return replace(self, grants=kept)
