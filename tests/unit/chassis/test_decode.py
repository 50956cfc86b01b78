from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from hypothesis import given
from hypothesis import strategies as st

from chassis.decode import Fields
from chassis.errors import InvalidArgument

COLORS = {1: "red", 2: "blue"}
FORM = "haven.decodetest.v1"


@cache
def form_class() -> Any:
    """A message with one field of each kind."""
    file = descriptor_pb2.FileDescriptorProto(
        name="haven/decodetest/v1/form.proto",
        package=FORM,
        syntax="proto3",
        dependency=[
            "google/protobuf/timestamp.proto",
            "google/protobuf/duration.proto",
            "google/type/date.proto",
        ],
    )
    color = file.enum_type.add(name="Color")
    for number, name in enumerate(("COLOR_UNSPECIFIED", "COLOR_RED", "COLOR_BLUE")):
        color.value.add(name=name, number=number)
    form = file.message_type.add(name="Form")
    form.oneof_decl.add(name="_agreed")
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": Field.TYPE_STRING},
        "texts": {"type": Field.TYPE_STRING, "label": Field.LABEL_REPEATED},
        "number": {"type": Field.TYPE_INT32},
        "agreed": {"type": Field.TYPE_BOOL, "proto3_optional": True, "oneof_index": 0},
        "color": {"type": Field.TYPE_ENUM, "type_name": f".{FORM}.Color"},
        "colors": {
            "type": Field.TYPE_ENUM,
            "type_name": f".{FORM}.Color",
            "label": Field.LABEL_REPEATED,
        },
        "at": {"type": Field.TYPE_MESSAGE, "type_name": ".google.protobuf.Timestamp"},
        "length": {"type": Field.TYPE_MESSAGE, "type_name": ".google.protobuf.Duration"},
        "day": {"type": Field.TYPE_MESSAGE, "type_name": ".google.type.Date"},
        "inner": {"type": Field.TYPE_MESSAGE, "type_name": f".{FORM}.Form"},
        "inners": {
            "type": Field.TYPE_MESSAGE,
            "type_name": f".{FORM}.Form",
            "label": Field.LABEL_REPEATED,
        },
    }
    for number, (name, kind) in enumerate(kinds.items(), start=1):
        form.field.add(name=name, number=number, **{"label": Field.LABEL_OPTIONAL} | kind)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{FORM}.Form"))


def form(**values: Any) -> Fields:
    return Fields(form_class()(**values))


def faults(fields: Fields) -> dict[str, str]:
    """Field to reason, as a caller hears them."""
    with pytest.raises(InvalidArgument) as raised:
        fields.done()
    assert raised.value.reason == "FIELDS_INVALID"
    return {each.field: each.reason for each in raised.value.violations}


def test_all_faults_are_told_at_once() -> None:
    fields = form(number=5)
    fields.text("text")
    fields.integer("number", 0, 3)
    fields.enum("color", COLORS)
    fields.timestamp("at")
    assert faults(fields) == {
        "text": "REQUIRED",
        "number": "OUT_OF_RANGE",
        "color": "UNSPECIFIED",
        "at": "REQUIRED",
    }


def test_good_values_pass() -> None:
    fields = form(
        text=" a b ",
        number=3,
        color=2,
        agreed=False,
        at=Timestamp(seconds=1_700_000_000),
        length=Duration(seconds=90),
        day=Date(year=2024, month=2, day=29),
    )
    assert fields.text("text") == " a b "
    assert fields.integer("number", 0, 3) == 3
    assert fields.enum("color", COLORS) == "blue"
    assert fields.flag("agreed") is False
    assert fields.timestamp("at") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert fields.duration("length") == timedelta(seconds=90)
    assert fields.date("day") == date(2024, 2, 29)
    fields.done()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "REQUIRED"), ("   ", "REQUIRED"), ("a" * 201, "TOO_LONG"), ("a\x00b", "MALFORMED"),
     ("\x1b[31m", "MALFORMED")],
)  # fmt: skip
def test_a_text_at_fault_has_one_reason(text: str, reason: str) -> None:
    fields = form(text=text)
    fields.text("text")
    with pytest.raises(InvalidArgument) as raised:
        fields.done()
    assert [each.reason for each in raised.value.violations] == [reason]


def test_an_optional_text_may_be_empty() -> None:
    fields = form()
    assert fields.optional_text("text") == ""
    fields.done()


@pytest.mark.parametrize("good", ["a", "7c1f7a52-0b0c-4a53-9d5b-0f6f4f2f8a01", "dr_lee", "A.1-b"])
def test_ids_are_uuids_or_slugs(good: str) -> None:
    fields = form(text=good)
    assert fields.identifier("text") == good
    fields.done()


@pytest.mark.parametrize("bad", ["-a", "a b", "a/b", "a" * 65, "ä", "a\n", "{$ne: 1}", "../x"])
def test_what_is_not_an_id_is_refused(bad: str) -> None:
    fields = form(text=bad)
    fields.identifier("text")
    assert faults(fields) == {"text": "MALFORMED"}


def test_a_missing_id_is_required() -> None:
    fields = form()
    fields.identifier("text")
    assert faults(fields) == {"text": "REQUIRED"}


def test_repeated_ids_are_told_by_their_place() -> None:
    fields = form(texts=["a", "b c", "a"])
    fields.identifiers("texts")
    assert faults(fields) == {"texts[1]": "MALFORMED", "texts[2]": "MALFORMED"}


@pytest.mark.parametrize(("count", "reason"), [(0, "REQUIRED"), (4, "TOO_LONG")])
def test_a_list_has_a_least_and_a_most(count: int, reason: str) -> None:
    fields = form(texts=["a"] * count)
    fields.identifiers("texts", low=1, high=3)
    assert faults(fields) == {"texts": reason}


def test_an_enum_of_a_newer_release_is_unknown() -> None:
    fields = form(color=7)
    fields.enum("color", COLORS)
    assert faults(fields) == {"color": "UNKNOWN"}


def test_repeated_enums_are_told_by_their_place() -> None:
    fields = form(colors=[1, 0, 9])
    fields.enums("colors", COLORS)
    assert faults(fields) == {"colors[1]": "UNSPECIFIED", "colors[2]": "UNKNOWN"}


def test_a_question_with_presence_must_be_answered() -> None:
    fields = form()
    fields.flag("agreed")
    assert faults(fields) == {"agreed": "REQUIRED"}


@pytest.mark.parametrize("seconds", [-3_000_000_000, 8_000_000_000, 400_000_000_000])
def test_an_instant_of_another_era_is_refused(seconds: int) -> None:
    fields = form(at=Timestamp(seconds=seconds))
    fields.timestamp("at")
    assert faults(fields) == {"at": "OUT_OF_RANGE"}


def test_a_malformed_timestamp_is_refused() -> None:
    fields = form(at=Timestamp(seconds=1, nanos=-5))
    fields.timestamp("at")
    assert faults(fields) == {"at": "OUT_OF_RANGE"}


@pytest.mark.parametrize("seconds", [-1, 3600 * 24 * 365 * 11, 315_576_000_001])
def test_a_duration_stays_within_bounds(seconds: int) -> None:
    fields = form(length=Duration(seconds=seconds))
    fields.duration("length")
    assert faults(fields) == {"length": "OUT_OF_RANGE"}


@pytest.mark.parametrize(
    ("year", "month", "day", "reason"),
    [(2023, 2, 29, "MALFORMED"), (2023, 0, 1, "MALFORMED"), (0, 1, 1, "MALFORMED"),
     (1800, 1, 1, "OUT_OF_RANGE"), (9999, 1, 1, "OUT_OF_RANGE")],
)  # fmt: skip
def test_a_day_is_in_the_calendar(year: int, month: int, day: int, reason: str) -> None:
    fields = form(day=Date(year=year, month=month, day=day))
    fields.date("day")
    assert faults(fields) == {"day": reason}


@pytest.mark.parametrize(
    ("zone", "reason"),
    [("", "REQUIRED"), ("Mars/Olympus", "UNKNOWN"), ("../etc/passwd", "UNKNOWN"),
     ("America/", "UNKNOWN"), ("a" * 5000, "UNKNOWN"), ("a\x00b", "UNKNOWN")],
)  # fmt: skip
def test_a_time_zone_exists(zone: str, reason: str) -> None:
    fields = form(text=zone)
    fields.time_zone("text")
    assert faults(fields) == {"text": reason}


def test_a_known_time_zone_passes() -> None:
    fields = form(text="America/New_York")
    assert fields.time_zone("text") == "America/New_York"
    fields.done()


def test_faults_of_nested_messages_carry_their_path() -> None:
    inner = form_class()(number=9)
    fields = form(inner=inner, inners=[form_class()(text="x"), inner])
    fields.nested("inner").text("text")
    for each in fields.each("inners"):
        each.integer("number", 0, 3)
    assert faults(fields) == {"inner.text": "REQUIRED", "inners[1].number": "OUT_OF_RANGE"}


def test_a_missing_message_is_required() -> None:
    fields = form()
    fields.nested("inner")
    assert faults(fields) == {"inner": "REQUIRED"}


def test_a_service_s_own_check_joins_the_rest() -> None:
    fields = form()
    fields.fault("number", "MALFORMED", "must be prime")
    assert faults(fields) == {"number": "MALFORMED"}


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers_or_is_echoed(text: str) -> None:
    fields = form(text=text, texts=[text])
    fields.text("text")
    fields.identifier("text")
    fields.time_zone("text")
    fields.identifiers("texts")
    told = ""
    try:
        fields.done()
    except InvalidArgument as refused:
        told = refused.text + "".join(each.description for each in refused.violations)
    assert len(text) < 12 or text not in told


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_no_instant_or_duration_breaks_the_readers(seconds: int, nanos: int) -> None:
    fields = form(
        at=Timestamp(seconds=seconds, nanos=nanos), length=Duration(seconds=seconds, nanos=nanos)
    )
    fields.timestamp("at")
    fields.duration("length")
    with contextlib.suppress(InvalidArgument):
        fields.done()
