"""How people are reached: staff say it here, patients' comes from intake."""

from __future__ import annotations

from chassis.call import Call, EventOnce, Role
from chassis.errors import Aborted, FailedPrecondition, PermissionDenied
from chassis.ids import derived_id
from chassis.store import Store, Tx, etag_of
from services.notify.domain.address import Owner
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.contact import ContactPoint, PatientContact, masked
from services.notify.domain.message import Channel
from services.notify.ports import Cipher, ContactBook
from services.notify.ports.consent import Shelves

OTHERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class Contacts:
    """Setting how people are reached."""

    def __init__(
        self, store: Store, shelves: Shelves, *, contacts: ContactBook, cipher: Cipher
    ) -> None:
        self._store = store
        self._directory = shelves.directory
        self._reach = shelves.reach
        self._contacts = contacts
        self._cipher = cipher

    def register(self, call: Call, command: RegisterContactPoint) -> ContactPoint:
        """From now on the recipient is reached there; clinicians speak for themselves only."""
        if command.recipient_id != call.actor.subject and not OTHERS & call.actor.roles:
            raise PermissionDenied("CONTACT_POINT_OF_ANOTHER", "clinicians set only their own")
        ciphertext = self._cipher.encrypt(call.tenant_id, command.address)

        def change(tx: Tx) -> ContactPoint:
            recipient_id, channel = command.recipient_id, command.channel
            point = self._contacts.contact_point(tx, recipient_id, channel)
            if command.etag and (point is None or command.etag != etag_of(point)):
                raise Aborted("ETAG_STALE", "changed since it was read; read it again")
            if point is None:
                id = derived_id(call.tenant_id, "contact-point", recipient_id, channel)
                point = ContactPoint(id, recipient_id, channel, b"", "")
            if not point.version or point.is_gone:
                self._reach.look_soon(tx)  # whoever waits for this to end an alert sees it end
            point.move(ciphertext, masked(channel, command.address))
            point.rank = command.rank
            kept = self._contacts.keep(tx, point)
            owner = Owner(recipient_id, is_patient=False)
            self._directory.keep(tx, owner, channel, command.address, version=kept.version)
            return kept

        return self._store.transact(call, change)

    def keep_patient(self, call: Call, contact: PatientContact) -> None:
        """Remember how a patient is reached."""
        version = call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
        owner = Owner(contact.patient_id, is_patient=True)
        email = self._revealed(call.tenant_id, contact.email_ciphertext)
        phone = self._revealed(call.tenant_id, contact.phone_ciphertext)
        ways = {Channel.EMAIL: email, Channel.SMS: phone, Channel.VOICE: phone}

        def change(tx: Tx) -> None:
            self._contacts.keep_patient(tx, contact, version)
            for channel, address in ways.items():
                self._directory.keep(tx, owner, channel, address, version=version)

        self._store.transact(call, change)

    def _revealed(self, tenant_id: str, ciphertext: bytes) -> str:
        """The address; empty for one that nobody can read, and so nobody can be reached at."""
        try:
            return self._cipher.reveal(tenant_id, ciphertext) if ciphertext else ""
        except FailedPrecondition:
            return ""
