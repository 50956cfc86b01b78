"""Where patients say they sit."""

from __future__ import annotations

from datetime import timedelta

from chassis.call import Call
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.sessions.domain.commands import AttestLocation
from services.sessions.domain.location import Place, attested
from services.sessions.domain.views import LocationView
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.ports import Cipher, Policies, Records


class Attestations:
    """Asked before each session; the newest one counts."""

    def __init__(
        self, store: Store, records: Records, policies: Policies, *, cipher: Cipher
    ) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._cipher = cipher
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)

    def attest(self, call: Call, command: AttestLocation) -> LocationView:
        """Keep the place as ciphertext and tell scheduling and crisis."""
        call.require_self(command.patient_id)
        said = (
            command.address,
            command.callback_number,
            command.others_present,
            command.disconnection_plan,
        )
        place = Place(command.state, *(self._sealed(call, text) for text in said))
        lasts = timedelta(seconds=self._policies(call.tenant_id).location_seconds)

        def act(tx: Tx) -> LocationView:
            at = self._records.locations.next_time(tx, command.patient_id)
            location = attested(new_id(), command.patient_id, place, at)
            self._records.locations.add(tx, location)
            self._look_again(tx, command.patient_id)
            return LocationView(location, at + lasts)

        return self._store.transact(call, act)

    def _look_again(self, tx: Tx, patient_id: str) -> None:
        """Who is in a room, or at its door, sits elsewhere from now on."""
        for place in self._records.participants.near_rooms(tx, patient_id):
            session = self._records.sessions.peek(tx, place.session_id)
            if session is None or session.is_over:
                continue
            if place.is_waiting:
                self._lobby.recall_held(tx, [place])
            else:
                self._licensing.review(tx, session)

    def _sealed(self, call: Call, text: str) -> bytes:
        """What was not said stays empty: a ciphertext of nothing would look like an answer."""
        return self._cipher.encrypt(call.tenant_id, text) if text else b""
