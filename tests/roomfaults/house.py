"""Two replicas of the live rooms as processes of their own, and what they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.store import connect
from cli.environment import Uris
from cli.stack import Stack
from tests.bench.platform import Platform
from tests.bench.roommates import tenants_with
from tests.campaign.clocks import Clocks

REPLICAS = FIRST, SECOND = "sessions-api", "sessions-api-2"
STEPPED = FIRST  # the second's clock goes by the name of the module, which replicas share
# What rooms and calls for help need. Pages leave from notify: another campaign's question.
NEEDED = tuple(f"{service}-{kind}" for service in ("sessions", "crisis") for kind in
               ("api", "worker", "relay"))  # fmt: skip


@dataclass(frozen=True)
class House:
    """The running platform; the second replica's clock can be stepped."""

    platform: Platform
    clocks: Clocks

    @property
    def stack(self) -> Stack:
        return self.platform.stack

    @property
    def addresses(self) -> Sequence[str]:
        """Where the replicas are reached, the stepped one last."""
        return [self.stack.grpc_address(name) for name in REPLICAS]


@contextmanager
def house(folder: Path, *, only: Sequence[str] = NEEDED) -> Iterator[House]:
    """Everything up, on servers that may be stopped and frozen."""
    clocks = Clocks(folder / "clocks", [STEPPED])
    tenants = folder / "tenants.toml"
    tenants.write_text(tenants_with(""), encoding="utf-8")
    more = {"HAVEN_CRISIS_DRILLS": "false", "HAVEN_TENANTS_FILE": str(tenants)}
    with Stack(folder / "stack", given=Uris(), more=more, only=only) as stack:
        stack.add(SECOND, like=FIRST, **clocks.variables)
        assert stack.database is not None
        client = connect(stack.database.uri, app_name="roomfaults", pool_size=8)
        try:
            yield House(Platform(stack, client), clocks)
        finally:
            client.close()
            stack.abandon()  # nobody is left to be told
