"""What went wrong around a failed test is found in the logs of many processes."""

from __future__ import annotations

from pathlib import Path

from tests.complaints import complaints

RELAY = """{"event": "loop.failing", "level": "warning", "timestamp": "2026-03-01T10:00:02Z"}
{"event": "relay.started", "level": "info", "timestamp": "2026-03-01T10:00:01Z"}
no JSON at all
"""
MONGOD = """{"t":{"$date":"2026-03-01T10:00:00Z"},"msg":"Slow query","attr":{"durationMillis":4000}}
{"t":{"$date":"2026-03-01T10:00:03Z"},"msg":"Slow query","attr":{"durationMillis":120}}
"""


def test_warnings_and_slow_commands_are_told_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "crisis-relay.log").write_text(RELAY)
    (tmp_path / "mongod.log").write_text(MONGOD)
    first, second = complaints(tmp_path).splitlines()
    assert first == "2026-03-01T10:00:00Z Slow query: 4000 ms (mongod)"
    assert "loop.failing" in second
    assert second.endswith("(crisis-relay)")
