from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chassis.errors import PermissionDenied
from chassis.settings import SettingsError
from chassis.tenants import Tenants

FILE = """
[tenants.alpha]
name = "Alpha Care"
[tenants.alpha.crisis]
acknowledge_within = 1.5
rungs = ["first", "second"]
[tenants.alpha.crisis.quiet]
from_hour = 22
[tenants.beta]
"""


@dataclass(frozen=True)
class Quiet:
    from_hour: int = 21
    to_hour: int = 8


@dataclass(frozen=True)
class Policy:
    acknowledge_within: timedelta = timedelta(seconds=60)
    rungs: tuple[str, ...] = ("only",)
    pages: int = 3
    quiet: Quiet = Quiet()

    def __post_init__(self) -> None:
        if self.pages < 1:
            raise ValueError("at least one page")


def tenants(tmp_path: Path, text: str = FILE) -> Tenants:
    path = tmp_path / "tenants.toml"
    path.write_text(text)
    return Tenants.load(path)


def test_a_tenant_s_numbers_replace_the_defaults(tmp_path: Path) -> None:
    policy = tenants(tmp_path).policy("alpha", "crisis", Policy)
    assert policy == Policy(timedelta(seconds=1.5), ("first", "second"), quiet=Quiet(from_hour=22))


def test_a_tenant_that_says_nothing_has_the_defaults(tmp_path: Path) -> None:
    assert tenants(tmp_path).policy("beta", "crisis", Policy) == Policy()


def test_a_policy_is_made_once(tmp_path: Path) -> None:
    loaded = tenants(tmp_path)
    assert loaded.policy("alpha", "crisis", Policy) is loaded.policy("alpha", "crisis", Policy)


def test_tenants_are_known_by_id_and_name(tmp_path: Path) -> None:
    loaded = tenants(tmp_path)
    assert loaded.ids == {"alpha", "beta"}
    assert (loaded.name("alpha"), loaded.name("beta")) == ("Alpha Care", "beta")


def test_another_tenant_is_denied(tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied) as raised:
        tenants(tmp_path).policy("gamma", "crisis", Policy)
    assert raised.value.reason == "TENANT_UNKNOWN"


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("acknowledge_withn = 5", "acknowledge_withn: unknown"),
        ('pages = "three"', "pages: "),
        ("pages = true", "pages: "),
        ("pages = 0", "at least one page"),
        ("pages = 1.5", "pages: "),
        ("quiet.until = 5", "quiet.until: unknown"),
        ("quiet = 5", "quiet: "),
        ('rungs = "first"', "rungs: "),
    ],
)
def test_a_number_at_fault_stops_the_start(tmp_path: Path, section: str, fault: str) -> None:
    loaded = tenants(tmp_path, f"[tenants.alpha.crisis]\n{section}\n")
    with pytest.raises(SettingsError, match=f"tenants.alpha.crisis.*{fault}"):
        loaded.check("crisis", Policy)


def test_all_tenants_faults_arrive_together(tmp_path: Path) -> None:
    text = "[tenants.alpha.crisis]\npages = 0\n[tenants.beta.crisis]\nother = 1\n"
    with pytest.raises(SettingsError) as raised:
        tenants(tmp_path, text).check("crisis", Policy)
    assert len(raised.value.faults) == 2


@pytest.mark.parametrize(
    "text",
    ["", "[tenants]\n", "not toml", "[tenant.alpha]\n", "[tenants.Alpha]\n", "tenants.alpha = 1\n",
     "[tenants.alpha]\nnaem = 'x'\n", "[tenants.alpha]\n[other]\n"],
)  # fmt: skip
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        tenants(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unreadable"):
        Tenants.load(tmp_path / "absent.toml")
