"""Ids come from clients too, so what is taken for one is told exactly."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import is_uuid, new_id

ONE = "6f1d3f5e-6a0b-5e0e-9b39-0b8f6f6c1c52"


@pytest.mark.parametrize("text", [ONE, ONE.upper(), f"{0:08}{'-0000' * 3}-{0:012}"])
def test_a_uuid_in_its_canonical_form_is_one(text: str) -> None:
    assert is_uuid(text)


def test_a_new_one_is_one() -> None:
    assert is_uuid(new_id())


@pytest.mark.parametrize(
    "text",
    [
        "",
        ONE.replace("-", ""),
        f"{{{ONE}}}",
        f"urn:uuid:{ONE}",
        f"{ONE}\n",
        f" {ONE}",
        ONE[:-1],
        ONE.replace("6", "\u0666"),
        ONE.replace("f", "g"),
        ONE.replace("-", "_"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_uuid(text)


@given(st.text(alphabet="0aF-{}\u0660g", max_size=40))
def test_it_is_what_the_library_writes(text: str) -> None:
    try:
        canonical = str(uuid.UUID(text)) == text.lower()
    except ValueError:
        canonical = False
    assert is_uuid(text) == canonical
