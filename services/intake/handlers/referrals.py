"""How a person comes to the program."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from chassis.call import Call
from chassis.errors import InvalidArgument, Violation
from chassis.ids import derived_id, new_id
from chassis.store import Store, Tx
from services.intake.domain.commands import CreateReferral, RecordContact
from services.intake.domain.episode import Episode
from services.intake.domain.patient import Identity, Patient, SealedContact, SealedIdentity
from services.intake.domain.referral import Referral
from services.intake.handlers.versions import require_etag
from services.intake.ports import Book, Cipher, EpisodeBook, PolicyOf


class Referrals:
    """Referrals, and the patients that they bring."""

    def __init__(
        self,
        store: Store,
        *,
        referrals: Book[Referral],
        patients: Book[Patient],
        episodes: EpisodeBook,
        cipher: Cipher,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._cipher, self._policy_of = store, cipher, policy_of
        self._referrals, self._patients, self._episodes = referrals, patients, episodes

    def create(self, call: Call, command: CreateReferral) -> Referral:
        """Open the referral, the patient and the episode in one commit."""
        referral_id = new_id()
        patient_id = derived_id("patient", call.tenant_id, referral_id)
        identity = self._sealed_identity(call.tenant_id, command.identity)
        contact = self._sealed_contact(
            call.tenant_id,
            email=command.identity.email,
            phone=command.identity.phone,
            time_zone=command.time_zone,
        )

        def open_all(tx: Tx) -> Referral:
            self._require_age(tx, command)
            referral = Referral(
                id=referral_id,
                patient_id=patient_id,
                referrer_id=call.actor.subject,
                track=command.track,
                payer=command.payer,
                state=command.state,
                create_time=tx.now,
            )
            self._patients.insert(tx, _patient(referral, identity, contact, self._episodes))
            self._episodes.insert(tx, _episode(referral, command.time_zone, self._episodes))
            return self._referrals.insert(tx, referral)

        return self._store.transact(call, open_all)

    def record_contact(self, call: Call, command: RecordContact) -> Patient:
        """Replace how a patient can be reached."""
        call.require_self(command.patient_id)
        contact = self._sealed_contact(
            call.tenant_id,
            email=command.email,
            phone=command.phone,
            time_zone=command.time_zone,
        )

        def replace(tx: Tx) -> Patient:
            patient = self._patients.load(tx, command.patient_id)
            require_etag(patient, command.etag)
            patient.change_contact(contact)
            episode = self._episodes.of(tx, command.patient_id)
            if episode.time_zone != command.time_zone:
                episode.time_zone = command.time_zone
                self._episodes.save(tx, episode)
            return self._patients.save(tx, patient)

        return self._store.transact(call, replace)

    def _require_age(self, tx: Tx, command: CreateReferral) -> None:
        minimum = self._policy_of(tx.call.tenant_id).minimum_age_years
        today = tx.now.astimezone(ZoneInfo(command.time_zone)).date()
        born, age = command.identity.birth_date, command.identity.age(today)
        if born > today or age < minimum:
            reason = "OUT_OF_RANGE" if born > today else "BELOW_PROGRAM_AGE"
            fault = Violation("birth_date", reason, f"the program takes people from {minimum}")
            raise InvalidArgument(
                "FIELDS_INVALID", "field at fault: birth_date", violations=[fault]
            )

    def _sealed_identity(self, tenant_id: str, identity: Identity) -> SealedIdentity:
        return SealedIdentity(
            legal_name_ciphertext=self._cipher.encrypt(tenant_id, identity.legal_name),
            birth_date_ciphertext=self._cipher.encrypt(tenant_id, _as_text(identity.birth_date)),
        )

    def _sealed_contact(
        self, tenant_id: str, *, email: str, phone: str, time_zone: str
    ) -> SealedContact:
        return SealedContact(
            email_ciphertext=self._cipher.encrypt(tenant_id, email) if email else b"",
            phone_ciphertext=self._cipher.encrypt(tenant_id, phone) if phone else b"",
            time_zone=time_zone,
        )


def _as_text(birth_date: date) -> str:
    return birth_date.isoformat()


def _patient(
    referral: Referral, identity: SealedIdentity, contact: SealedContact, episodes: EpisodeBook
) -> Patient:
    patient = Patient(
        id=referral.patient_id,
        referral_id=referral.id,
        episode_id=episodes.id_of(referral.patient_id),
        referrer_id=referral.referrer_id,
        track=referral.track,
        payer=referral.payer,
        identity=identity,
        contact=contact,
        create_time=referral.create_time,
    )
    patient.announce()
    return patient


def _episode(referral: Referral, time_zone: str, episodes: EpisodeBook) -> Episode:
    return Episode(
        id=episodes.id_of(referral.patient_id),
        patient_id=referral.patient_id,
        referral_id=referral.id,
        track=referral.track,
        payer=referral.payer,
        time_zone=time_zone,
        create_time=referral.create_time,
    )
