from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chassis.crypto import KeyManagement, make_master_key
from chassis.settings import ProcessSettings, Secret, SettingsError


def settings(tmp_path: Path) -> ProcessSettings:
    return ProcessSettings(
        service="intake",
        amqp_uri=Secret("amqp://mq/"),
        mongodb_uri=Secret("mongodb://db/"),
        tenants_file=tmp_path,
        jwks_uri="https://login.test/jwks",
        token_issuer="https://login.test",
        token_audience="haven",
        pki_dir=tmp_path,
    )


def test_a_local_file_is_the_master_key_by_default(tmp_path: Path) -> None:
    key = make_master_key(tmp_path / "master.key")
    management = KeyManagement.of(replace(settings(tmp_path), master_key_file=key))
    assert management.provider == "local"
    assert management.credentials == {"key": key.read_bytes()}


def test_a_key_management_service_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "kms.json"
    path.write_text(
        json.dumps(
            {
                "provider": "aws",
                "credentials": {"accessKeyId": "swordfish", "secretAccessKey": "swordfish"},
                "master_key": {"region": "us-east-1", "key": "arn:aws:kms:key"},
            }
        )
    )
    management = KeyManagement.of(replace(settings(tmp_path), kms_file=path))
    assert management.provider == "aws"
    assert management.master_key == {"region": "us-east-1", "key": "arn:aws:kms:key"}
    assert "swordfish" not in repr(management)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"provider": "aws"}', '"aws"'])
def test_an_unusable_description_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kms.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match="HAVEN_KMS_FILE"):
        KeyManagement.of(replace(settings(tmp_path), kms_file=path))


def test_without_either_the_process_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HAVEN_MASTER_KEY_FILE: required"):
        KeyManagement.of(settings(tmp_path))


def test_an_unreadable_master_key_stops_the_start(tmp_path: Path) -> None:
    absent = replace(settings(tmp_path), master_key_file=tmp_path / "absent")
    with pytest.raises(SettingsError, match="HAVEN_MASTER_KEY_FILE: unreadable"):
        KeyManagement.of(absent)
