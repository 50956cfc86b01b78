"""One board: in order, once per version, never held up by another, and honest when it must end."""

from __future__ import annotations

import time

import pytest

from services.crisis.codec.board import Goodbye
from services.crisis.live import hub as hub_module
from services.crisis.live import watcher as watcher_module
from tests.unit.crisis.lookout import Wire, World, a_version, ended, resolved, running, until


async def test_versions_that_the_snapshot_has_shown_are_not_shown_again() -> None:
    async with running(World()) as world:
        world.shelf.keep("c-1", 3)
        wire, task = await world.watches()
        for version in (2, 3, 4):
            world.feed.tell(a_version("c-1", version))
        world.feed.tell(a_version("c-2", 1))
        await until(lambda: len(wire.versions) == 2)
        task.cancel()

    assert wire.versions == [("c-1", 4), ("c-2", 1)]


async def test_a_cursor_leaves_out_what_was_shown_before_it() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        world.feed.tell(a_version("c-1", 1))
        await until(lambda: wire.versions)
        task.cancel()
        world.feed.tell(a_version("c-1", 2))
        again, other = await world.watches(wire.cursor)
        await until(lambda: again.versions)
        other.cancel()

    assert again.versions == [("c-1", 2)]


async def test_a_cursor_of_a_replica_that_is_ahead_shows_nothing_twice() -> None:
    async with running(World()) as ahead, running(World()) as behind:
        wire, task = await ahead.watches()
        for version in (1, 2):
            ahead.feed.tell(a_version("c-1", version))
        await until(lambda: len(wire.versions) == 2)
        task.cancel()

        again, other = await behind.watches(wire.cursor)
        for version in (1, 2, 3):
            behind.feed.tell(a_version("c-1", version))
        await until(lambda: again.versions)
        other.cancel()

    assert again.versions == [("c-1", 3)]


async def test_a_cursor_that_fell_off_the_tape_is_refused_by_name() -> None:
    async with running(World(tape=2)) as world:
        wire, task = await world.watches()
        cursor = wire.cursor
        task.cancel()
        for version in (1, 2, 3):
            world.feed.tell(a_version("c-1", version))
        await until(lambda: world.hub.tape.end.seconds == 103)
        _, other = await world.watches(cursor)

        error = await ended(other)

    assert error is not None
    assert error.reason == "CURSOR_TOO_OLD"


async def test_a_slow_reader_is_told_to_come_again_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher_module, "LAST_WORD_SECONDS", 0.05)
    async with running(World(queue=3)) as world:
        slow, slow_task = await world.watches()
        quick, quick_task = await world.watches()
        slow.taking.clear()
        for version in range(1, 11):
            world.feed.tell(a_version("c-1", version))
            await until(lambda number=version: len(quick.versions) == number)
        error = await ended(slow_task)
        quick_task.cancel()

    assert [version for _, version in quick.versions] == list(range(1, 11))
    assert error is not None
    assert (error.kind.name, error.reason) == ("RESOURCE_EXHAUSTED", "READER_TOO_SLOW")


async def test_a_slow_reader_that_takes_its_last_frame_gets_a_goodbye_and_goes_on_by_cursor() -> (
    None
):
    async with running(World(queue=3)) as world:
        slow, task = await world.watches()
        slow.taking.clear()
        for version in range(1, 11):
            world.feed.tell(a_version("c-1", version))
        await until(lambda: world.hub.tape.end.seconds == 110)
        slow.taking.set()
        assert await ended(task) is None
        assert slow.frames[-1].goodbye.reason == 1
        again, other = await world.watches(slow.cursor)
        await until(lambda: len(slow.versions) + len(again.versions) == 10)
        other.cancel()

    assert [version for _, version in slow.versions + again.versions] == list(range(1, 11))


async def test_whoever_comes_again_with_much_to_catch_up_is_not_taken_for_slow() -> None:
    async with running(World(queue=3)) as world:
        wire, task = await world.watches()
        cursor = wire.cursor
        task.cancel()
        for version in range(1, 31):
            world.feed.tell(a_version("c-1", version))
        await until(lambda: world.hub.tape.end.seconds == 130)
        again, other = await world.watches(cursor)
        await until(lambda: len(again.versions) == 30)
        other.cancel()


async def test_a_quiet_board_beats_with_a_cursor() -> None:
    async with running(World(heartbeat=0.02)) as world:
        wire, task = await world.watches()
        await until(lambda: len(wire.frames) > 2)
        task.cancel()

    beat = wire.frames[-1]
    assert beat.HasField("heartbeat")
    assert beat.cursor


async def test_each_patients_trail_names_the_watcher_before_the_first_change_is_shown() -> None:
    async with running(World()) as world:
        world.shelf.keep("c-1", 1)
        wire, task = await world.watches()
        for case_id, version in (("c-1", 2), ("c-2", 1), ("c-2", 2)):
            world.feed.tell(a_version(case_id, version))
        await until(lambda: len(wire.versions) == 3)
        task.cancel()

    assert world.shelf.seen == ["c-2"]


async def test_what_cannot_be_noted_is_not_shown() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        world.shelf.is_away = True
        world.feed.tell(a_version("c-1", 1))

        error = await ended(task)

    assert error is not None
    assert error.reason == "STORE_UNAVAILABLE"
    assert wire.versions == []


async def test_a_lost_history_sends_everybody_for_a_new_snapshot() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        world.feed.begin_anew()
        await ended(task)
        _, other = await world.watches(wire.cursor)
        error = await ended(other)

    assert wire.frames[-1].goodbye.reason == 3
    assert error is not None
    assert error.reason == "CURSOR_TOO_OLD"


async def test_a_silent_feed_is_swept_for_and_what_it_tells_later_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 0.01)
    async with running(World()) as world:
        world.shelf.keep("c-1", 1)
        world.shelf.keep("c-2", 1)
        wire, task = await world.watches()
        world.feed.seconds = 60.0
        world.shelf.keep("c-1", 3)
        world.shelf.keep("c-3", 1)
        await until(lambda: len(wire.versions) == 2)
        del world.shelf.stored["c-2"]  # resolved meanwhile, and found by its absence
        world.shelf.cases = lambda _, ids: [resolved("c-2", 4)] if "c-2" in ids else []
        await until(lambda: len(wire.versions) == 3)
        world.feed.seconds = 0.0
        for case_id, version in (("c-1", 2), ("c-1", 3), ("c-2", 4), ("c-3", 1), ("c-3", 2)):
            world.feed.tell(a_version(case_id, version))
        await until(lambda: len(wire.versions) == 4)
        task.cancel()

    assert sorted(wire.versions[:2]) == [("c-1", 3), ("c-3", 1)]
    assert wire.versions[2:] == [("c-2", 4), ("c-3", 2)]


async def test_while_the_feed_is_silent_a_resumed_board_is_sent_for_a_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 0.01)
    async with running(World()) as world:
        wire, task = await world.watches()
        task.cancel()
        again, other = await world.watches(wire.cursor)
        world.feed.seconds = 60.0
        assert await ended(other) is None

    assert again.frames[-1].goodbye.reason == 3


async def test_a_sweep_waits_for_a_snapshot_that_is_still_being_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 0.01)
    async with running(World()) as world:
        world.feed.seconds = 60.0
        slow = Wire()
        slow.taking.clear()
        _, task = await world.watches(wire=slow)
        await until(lambda: world.shelf.asked > 3)
        world.shelf.keep("c-1", 1)
        slow.taking.set()
        await until(lambda: slow.versions)
        task.cancel()

    assert slow.versions == [("c-1", 1)]


async def test_a_sweep_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 0.01)
    async with running(World()) as world:
        wire, task = await world.watches()
        world.feed.seconds, world.shelf.is_away = 60.0, True
        failed = hub_module.sweeps_failed._value.get()
        await until(lambda: hub_module.sweeps_failed._value.get() > failed)
        world.shelf.is_away = False
        world.shelf.keep("c-1", 1)
        await until(lambda: wire.versions)
        task.cancel()


async def test_a_change_of_a_newer_release_sends_the_watcher_to_another_replica() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        world.feed.tell({**a_version("c-1", 1), "source": "a source of the next release"})
        assert await ended(task) is None

    assert wire.frames[-1].goodbye.reason == 2
    assert wire.versions == []


async def test_a_replica_that_leaves_sends_everybody_elsewhere_and_lets_nobody_in() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        await world.hub.drain()
        assert task.done() or await ended(task) is None
        _, other = await world.watches()
        error = await ended(other)

    assert wire.frames[-1].goodbye.reason == 2
    assert error is not None
    assert error.reason == "SERVER_DRAINING"


async def test_one_watcher_too_many_is_refused() -> None:
    async with running(World(most=1)) as world:
        _, task = await world.watches()
        _, other = await world.watches()
        error = await ended(other)
        task.cancel()

    assert error is not None
    assert error.reason == "READERS_TOO_MANY"


async def test_a_credential_that_ends_ends_the_stream() -> None:
    async with running(World()) as world:
        _, task = await world.watches(expire_time=time.time() + 0.05)
        error = await ended(task)

    assert error is not None
    assert error.reason == "TOKEN_EXPIRED"


async def test_only_the_first_reason_is_told() -> None:
    async with running(World()) as world:
        wire, task = await world.watches()
        world.hub._close_all(Goodbye.NEW_SNAPSHOT)
        world.hub._close_all(Goodbye.RESUME_ELSEWHERE)
        await ended(task)

    assert wire.frames[-1].goodbye.reason == 3
