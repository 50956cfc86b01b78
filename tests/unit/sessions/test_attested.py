"""An instant as a message is the library's own, only quicker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.codec.attested import timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENTURIES = timedelta(days=73_000)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5.75))])


@given(st.timedeltas(-CENTURIES, 10 * CENTURIES), ZONES)
def test_every_instant_is_what_the_library_makes_of_it(since: timedelta, zone: timezone) -> None:
    at = (EPOCH + since).astimezone(zone)
    expected = Timestamp()
    expected.FromDatetime(at)
    assert timestamp(at) == expected
