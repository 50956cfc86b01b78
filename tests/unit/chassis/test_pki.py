from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from chassis.auth.pki import Credentials, ensure_local_pki, workload_of
from chassis.settings import SettingsError


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pki")
    ensure_local_pki(made, ["intake", "crisis"])
    return made


def certificate(directory: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / f"{name}.pem").read_bytes())


def test_a_certificate_is_signed_by_the_authority(directory: Path) -> None:
    certificate(directory, "intake").verify_directly_issued_by(certificate(directory, "ca"))


def test_a_certificate_names_its_service(directory: Path) -> None:
    names = certificate(directory, "intake").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://haven/intake"
    ]
    assert "intake.haven" in names.value.get_values_for_type(x509.DNSName)


def test_a_service_cannot_sign_for_others(directory: Path) -> None:
    constraints = certificate(directory, "intake").extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert not constraints.value.ca


def test_keys_are_for_their_owner_only(directory: Path) -> None:
    for name in ("ca-key.pem", "intake-key.pem"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600


def test_what_is_there_stays(directory: Path) -> None:
    before = Credentials.of(directory, "intake")
    ensure_local_pki(directory, ["intake", "crisis"])
    assert Credentials.of(directory, "intake") == before


def test_missing_credentials_are_named(directory: Path) -> None:
    with pytest.raises(SettingsError, match="unreadable notify"):
        Credentials.of(directory, "notify")


def test_credentials_do_not_show_themselves(directory: Path) -> None:
    assert "KEY" not in repr(Credentials.of(directory, "intake"))


@pytest.mark.parametrize(
    ("names", "workload"),
    [
        ([b"localhost", b"spiffe://haven/intake", b"127.0.0.1"], "intake"),
        ([b"localhost", b"intake.haven"], ""),
        ([b"spiffe://evil/intake"], ""),
        ([b"spiffe://haven/intake", b"spiffe://haven/crisis"], ""),
        ([b"spiffe://haven/"], ""),
        ([b"spiffe://haven/in take"], ""),
        ([b"spiffe://haven/\xff"], ""),
        ([], ""),
    ],
)
def test_one_name_of_ours_makes_a_workload(names: list[bytes], workload: str) -> None:
    assert workload_of(names) == workload
