"""How people are reached: staff say it here, patients' comes from intake."""

from __future__ import annotations

from chassis.call import Call, EventOnce, Role
from chassis.errors import Aborted, PermissionDenied
from chassis.ids import derived_id
from chassis.store import Store, Tx, etag_of
from services.notify.domain.attempt import REPORTING
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.contact import ContactPoint, PatientContact, masked
from services.notify.ports import Cipher, ContactBook, Prints

OTHERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class Contacts:
    """Setting how people are reached."""

    def __init__(
        self, store: Store, *, contacts: ContactBook, cipher: Cipher, prints: Prints
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._cipher = cipher
        self._prints = prints

    def register(self, call: Call, command: RegisterContactPoint) -> ContactPoint:
        """From now on the recipient is reached there; clinicians speak for themselves only."""
        if command.recipient_id != call.actor.subject and not OTHERS & call.actor.roles:
            raise PermissionDenied("CONTACT_POINT_OF_ANOTHER", "clinicians set only their own")
        ciphertext = self._cipher.encrypt(call.tenant_id, command.address)
        is_number = command.channel in REPORTING
        address_print = self._prints.of(call.tenant_id, command.address) if is_number else ""

        def change(tx: Tx) -> ContactPoint:
            recipient_id, channel = command.recipient_id, command.channel
            point = self._contacts.contact_point(tx, recipient_id, channel)
            if command.etag and (point is None or command.etag != etag_of(point)):
                raise Aborted("ETAG_STALE", "changed since it was read; read it again")
            if point is None:
                id = derived_id(call.tenant_id, "contact-point", recipient_id, channel)
                point = ContactPoint(id, recipient_id, channel, b"", "")
            point.move(ciphertext, masked(channel, command.address))
            point.rank, point.address_print = command.rank, address_print
            return self._contacts.keep(tx, point)

        return self._store.transact(call, change)

    def keep_patient(self, call: Call, contact: PatientContact) -> None:
        """Remember how a patient is reached."""
        version = call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
        self._store.transact(call, lambda tx: self._contacts.keep_patient(tx, contact, version))
