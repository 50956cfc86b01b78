"""The shipped table of jurisdictions, read from TOML and checked as a whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from chassis.errors import FailedPrecondition
from services.crisis.domain.jurisdiction import (
    DutyToWarn,
    LocalNumber,
    NumberKind,
    Table,
    WarnRule,
)
from services.crisis.domain.states import STATES

TOP = {"version", "dispatch_caution", "numbers", "duty_to_warn"}
NUMBER = {"state", "area", "kind", "name", "phone", "verified_on"}
DUTY = {"rule", "source"}
# Ten digits of the North American plan; 911 and 988 are none.
PHONE = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
AREA = re.compile(r"[a-z0-9][a-z0-9-]{0,63}|")
NAME_LENGTH = 120


def shipped_table() -> Table:
    """The table in this release."""
    return table_of((files("services.crisis") / "jurisdictions.toml").read_text(encoding="utf-8"))


def table_of(text: str) -> Table:
    """The table in a TOML text; FailedPrecondition("JURISDICTIONS_INVALID") names every fault."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FailedPrecondition("JURISDICTIONS_INVALID", "not a TOML document") from error
    faults = list(_faults(content))
    if faults:
        raise FailedPrecondition("JURISDICTIONS_INVALID", "; ".join(faults))
    return Table(
        version=content["version"],
        dispatch_caution=content["dispatch_caution"].strip(),
        numbers=tuple(
            LocalNumber(**{**each, "kind": NumberKind(each["kind"])})
            for each in content.get("numbers", [])
        ),
        duties={
            state: DutyToWarn(state, WarnRule(each["rule"]), each["source"])
            for state, each in content.get("duty_to_warn", {}).items()
        },
    )


def _faults(content: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}: unknown" for key in content.keys() - TOP)
    version, caution = content.get("version"), content.get("dispatch_caution")
    if not isinstance(version, int) or version < 1:
        yield "version: a whole number from 1 is expected"
    if not isinstance(caution, str) or not caution.strip():
        yield "dispatch_caution: a text is expected"
    for index, each in enumerate(content.get("numbers", [])):
        yield from (f"numbers[{index}].{fault}" for fault in _number_faults(each))
    for state, each in content.get("duty_to_warn", {}).items():
        yield from (f"duty_to_warn.{state}.{fault}" for fault in _duty_faults(state, each))


def _number_faults(each: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}: unknown or missing" for key in each.keys() ^ NUMBER)
    if each.keys() != NUMBER:
        return
    checks = {
        "state": each["state"] in STATES,
        "kind": each["kind"] in {kind.value for kind in NumberKind},
        "area": bool(AREA.fullmatch(str(each["area"]))),
        "phone": bool(PHONE.fullmatch(str(each["phone"]))),
        "name": 0 < len(str(each["name"])) <= NAME_LENGTH,
        "verified_on": type(each["verified_on"]) is date,
    }
    yield from (f"{key}: not a valid value" for key, is_valid in checks.items() if not is_valid)


def _duty_faults(state: str, each: Mapping[str, Any]) -> Iterator[str]:
    if state not in STATES:
        yield "state: unknown"
    if each.keys() != DUTY or not str(each.get("source", "")).strip():
        yield "rule and source: both are needed, and nothing else"
    elif each["rule"] not in {rule.value for rule in WarnRule} - {WarnRule.UNKNOWN.value}:
        yield "rule: mandatory, permissive or none is expected"
