"""Who somebody is, in plain: decrypted here alone, after the audit row is durable."""

from __future__ import annotations

from datetime import date

from services.intake.domain.patient import Identity, Patient
from services.intake.ports import Cipher


class Identities:
    """Opens what rests as ciphertext; whoever asks has left an audit row first."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def of(self, tenant_id: str, patient: Patient) -> Identity:
        """Name, birth date and contacts."""
        born = self._plain(tenant_id, patient.identity.birth_date_ciphertext)
        return Identity(
            legal_name=self._plain(tenant_id, patient.identity.legal_name_ciphertext),
            birth_date=date.fromisoformat(born),
            email=self._plain(tenant_id, patient.contact.email_ciphertext),
            phone=self._plain(tenant_id, patient.contact.phone_ciphertext),
        )

    def _plain(self, tenant_id: str, ciphertext: bytes) -> str:
        return self._cipher.reveal(tenant_id, ciphertext) if ciphertext else ""
