"""Clinicians and their licenses."""

from __future__ import annotations

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.commands import AddLicense, RegisterClinician, RevokeLicense
from services.scheduling.domain.licensure import License
from services.scheduling.handlers.grounds import load_as_seen, rosters
from services.scheduling.handlers.review import Review
from services.scheduling.ports import Books, PolicyOf


class Clinicians:
    """Whatever changes a license is followed by the sessions that rest on it."""

    def __init__(self, store: Store, books: Books, review: Review, policy_of: PolicyOf) -> None:
        self._store, self._books = store, books
        self._review, self._policy_of = review, policy_of

    def register(self, call: Call, command: RegisterClinician) -> Clinician:
        """Make a clinician known, without any license yet."""

        def register(tx: Tx) -> Clinician:
            return self._books.clinicians.insert(tx, Clinician(new_id(), command.profession))

        return self._store.transact(call, register)

    def add_license(self, call: Call, command: AddLicense) -> Clinician:
        """Add one right to treat; conflicts that it resolves close."""

        def add(tx: Tx) -> Clinician:
            clinician = self._load(tx, command.clinician_id, command.etag)
            license = License(
                id=new_id(),
                kind=command.kind,
                state=command.state.upper(),
                home_state=command.home_state.upper(),
                effective_date=command.effective_date,
                expire_date=command.expire_date,
            )
            clinician.add_license(license, self._policy_of(call.tenant_id))
            return self._follow(tx, clinician)

        return self._store.transact(call, add)

    def revoke_license(self, call: Call, command: RevokeLicense) -> Clinician:
        """End a license now; sessions that lose their authority become conflicts."""

        def revoke(tx: Tx) -> Clinician:
            clinician = self._load(tx, command.clinician_id, command.etag)
            clinician.revoke_license(command.license_id, tx.now)
            return self._follow(tx, clinician)

        return self._store.transact(call, revoke)

    def _load(self, tx: Tx, clinician_id: str, etag: str) -> Clinician:
        return load_as_seen(self._books.clinicians, tx, clinician_id, etag)

    def _follow(self, tx: Tx, clinician: Clinician) -> Clinician:
        """Save the clinician, then the open sessions whose states changed, then judge anew."""
        saved = self._books.clinicians.save(tx, clinician)
        led = self._books.sessions.open_of_facilitator(tx, clinician.id)
        helped = self._books.sessions.open_of_co_facilitator(tx, clinician.id)
        changed = [each for each in (*led, *helped) if each.follow_licenses(clinician)]
        self._books.sessions.save_leads(tx, changed)
        self._review.patients(tx, rosters(changed))
        return saved
