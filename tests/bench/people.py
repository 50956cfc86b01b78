"""Patients of whom the platform knows how they are reached, as many as a figure needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from haven.intake.v1.events_pb2 import PatientContactRecorded

from chassis.call import system_call
from chassis.crypto import FieldCipher, KeyManagement
from chassis.ids import new_id
from chassis.store import Tx
from services.notify.domain.address import Owner
from services.notify.domain.message import Channel
from services.notify.shelves import open_shelves
from services.notify.shelves.directory import ADDRESSES
from tests.bench.platform import TENANT, Platform
from tests.waiting import eventually

T = TypeVar("T")
BATCH = 50  # as many as fit into the life of a transaction
TIME_ZONE = "America/New_York"


def email_of(patient_id: str) -> str:
    """An address in a domain that can never exist."""
    return f"{patient_id}@haven.example"


def phone_of(number: int) -> str:
    """A number that nobody has."""
    return f"+1555{number:07}"


def acquainted(running: Platform, count: int) -> list[str]:
    """New patients: intake tells of them, notify knows how to reach them; they proved nothing."""
    patients = [new_id() for _ in range(count)]
    call = system_call(TENANT, service="intake", action="bench.commit")
    with cipher_of(running) as cipher:
        contacts = [
            PatientContactRecorded(
                patient_id=patient_id,
                email_ciphertext=cipher.encrypt(TENANT, email_of(patient_id)),
                phone_ciphertext=cipher.encrypt(TENANT, phone_of(number)),
                time_zone=TIME_ZONE,
            )
            for number, patient_id in enumerate(patients, start=1)
        ]
    for batch in _batches(contacts):

        def tell(tx: Tx, batch: Sequence[PatientContactRecorded] = batch) -> None:
            for each in batch:
                tx.emit(each, aggregate_id=each.patient_id, aggregate_version=1)

        running.store("intake").transact(call, tell)
    addresses = running.rows("notify", ADDRESSES)
    known = {"owner_id": {"$in": patients}, "channel": Channel.EMAIL.value}
    eventually(lambda: addresses.count_documents(known) == count, within=120, every=0.5)
    return patients


def prove(running: Platform, patients: Sequence[str]) -> None:
    """Their mail addresses are theirs, as after a code that came back."""
    call = system_call(TENANT, service="notify", action="bench.prove")
    store = running.store("notify")
    with cipher_of(running) as cipher:
        shelves = open_shelves(store, cipher)
        for batch in _batches(patients):

            def keep(tx: Tx, batch: Sequence[str] = batch) -> None:
                for each in batch:
                    key = shelves.directory.address_key(tx, each, Channel.EMAIL)
                    shelves.wishes.keep_proof(tx, Owner(each, is_patient=True), key)

            store.transact(call, keep)


@contextmanager
def cipher_of(running: Platform) -> Iterator[FieldCipher]:
    """What seals fields as the services do."""
    file = Path(running.stack.environment.variables["HAVEN_MASTER_KEY_FILE"])
    cipher = FieldCipher(running.client, KeyManagement.of_file(file))
    try:
        yield cipher
    finally:
        cipher.close()


def _batches(many: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(many), BATCH):
        yield many[first : first + BATCH]
