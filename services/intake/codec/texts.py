"""Texts with a form of their own: contacts, codes, states."""

from __future__ import annotations

import re

from chassis.decode import MALFORMED, Fields
from services.intake.domain.states import STATES

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,63}")
PHONE = re.compile(r"\+[1-9]\d{7,14}")  # E.164
TEN_DIGITS = re.compile(r"\d{10}")
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
# ICD-10-CM: a letter, a digit, a letter or digit, and up to four more behind a point.
DIAGNOSIS = re.compile(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")
MEASURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def email(fields: Fields, name: str) -> str:
    """An e-mail address or nothing."""
    return _formed(fields, name, EMAIL, "must be an e-mail address")


def phone(fields: Fields, name: str) -> str:
    """A phone number in E.164 or nothing."""
    return _formed(fields, name, PHONE, "must be a phone number as +, country and number")


def required_phone(fields: Fields, name: str) -> str:
    """A phone number in E.164."""
    return phone(fields, name) if fields.text(name) else ""


def ten_digits(fields: Fields, name: str) -> str:
    """A ten-digit number or nothing."""
    return _formed(fields, name, TEN_DIGITS, "must be ten digits")


def code(fields: Fields, name: str) -> str:
    """A lower-case code or nothing."""
    return _formed(fields, name, CODE, "must be a lower-case code")


def diagnosis(fields: Fields, name: str) -> str:
    """A diagnosis code."""
    fields.text(name)
    return _formed(fields, name, DIAGNOSIS, "must be an ICD-10-CM code")


def measure(fields: Fields, name: str) -> str:
    """A LOINC or local code of a measure."""
    fields.text(name)
    return _formed(fields, name, MEASURE, "must be the code of a measure")


def state(fields: Fields, name: str) -> str:
    """The two-letter code of a state, the district or a territory."""
    value = fields.text(name, max_length=200)
    if value and value not in STATES:
        fields.fault(name, "STATE_UNKNOWN", "must be a two-letter code in capitals")
    return value


def codes(fields: Fields, name: str, values: list[str]) -> tuple[str, ...]:
    """A list of lower-case codes."""
    for place, value in enumerate(values):
        if not CODE.fullmatch(value):
            fields.fault(f"{name}[{place}]", MALFORMED, "must be a lower-case code")
    return tuple(values)


def _formed(fields: Fields, name: str, form: re.Pattern[str], description: str) -> str:
    value = fields.optional_text(name)
    if value and not form.fullmatch(value):
        fields.fault(name, MALFORMED, description)
    return value
