"""A tenant's signing key: read once, and never one that was not stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import FixedClock
from chassis.store import Tx
from services.sessions.store.signing_key import SETTLED, TICKET_KEYS, SigningKey
from tests.fakes.memory_store import MemoryStore
from tests.unit.sessions.ward import a_call

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAID = b"whose, and for what"


class Plain:
    """Keeps nothing secret; counts how often it was asked."""

    def __init__(self) -> None:
        self.revealed = 0

    def encrypt(self, _tenant_id: str, text: str) -> bytes:
        return text.encode()

    def reveal(self, _tenant_id: str, ciphertext: bytes) -> str:
        self.revealed += 1
        return ciphertext.decode()


class Bench:
    """A store, and processes that share it."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOON)
        self.store = MemoryStore(service="sessions", clock=self.clock)

    def signs(self, key: SigningKey) -> bytes:
        self.clock.advance(timedelta(seconds=1))
        return self.store.transact(a_call("p-1"), lambda tx: key.signer(tx)(SAID))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_every_process_signs_alike_and_looks_for_the_key_once(bench: Bench) -> None:
    keeper = Plain()
    one, other = SigningKey(keeper, TICKET_KEYS), SigningKey(keeper, TICKET_KEYS)
    first = bench.signs(one)
    bench.clock.advance(SETTLED)

    assert [bench.signs(each) for each in (other, one, other, one)] == [first] * 4
    assert keeper.revealed == 2


def test_a_key_whose_transaction_failed_signs_nothing_afterwards(bench: Bench) -> None:
    key = SigningKey(Plain(), TICKET_KEYS)

    def twice_in_vain(tx: Tx) -> None:
        key.signer(tx)
        key.signer(tx)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        bench.store.transact(a_call("p-1"), twice_in_vain)

    assert bench.signs(key) == bench.signs(SigningKey(Plain(), TICKET_KEYS))


def test_a_key_that_others_saw_in_a_transaction_that_failed_signs_nothing_either(
    bench: Bench,
) -> None:
    key, tries = SigningKey(Plain(), TICKET_KEYS), 0

    def fail_once(_: Tx) -> bytes:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionError
        return b""

    def later(tx: Tx) -> bytes:
        bench.clock.advance(timedelta(seconds=1))
        return key.signer(tx)(SAID)

    call = a_call("p-1")
    together = [bench.store.prepare(call, each) for each in (later, later, fail_once)]
    first, second, _ = bench.store.transact_all(together)

    assert first == second == bench.signs(SigningKey(Plain(), TICKET_KEYS))
