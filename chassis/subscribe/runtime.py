"""What a worker's handlers work with, injected by nameko, and the trace they continue."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from nameko.extensions import DependencyProvider
from opentelemetry.trace import Span, StatusCode

from chassis.clock import Clock
from chassis.store import AlreadyDone
from chassis.subscribe.head_start import AreDone
from chassis.telemetry.tracing import continued
from chassis.topology import MessageClass

KEY = "HAVEN"


@dataclass(frozen=True)
class Runtime:
    """What the process gives to its container, beside nameko's own settings."""

    core: Any  # the service's use cases, as its bootstrap made them
    clock: Clock
    are_done: AreDone
    classes: frozenset[MessageClass] = frozenset(MessageClass)


def runtime_of(container: Any) -> Runtime:
    """The runtime in a container's configuration."""
    runtime: Runtime = container.config[KEY]
    return runtime


class Core(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """The service's use cases; each call runs in a span that continues the event's trace."""

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[Any, tuple[AbstractContextManager[Span], Span]] = {}

    def get_dependency(self, worker_ctx: Any) -> Any:  # noqa: ARG002  # nameko calls it so
        """The object that bootstrap returned."""
        return runtime_of(self.container).core

    def worker_setup(self, worker_ctx: Any) -> None:
        """Open the span; the handler's seconds begin."""
        subscription = worker_ctx.entrypoint
        subscription.begin(worker_ctx)
        scope = continued(
            worker_ctx.data.get("traceparent", ""),
            f"on {subscription.spec.subject}",
            queue=subscription.queue,
            type=subscription.spec.type,
        )
        self._open[worker_ctx] = (scope, scope.__enter__())

    def worker_result(
        self,
        worker_ctx: Any,
        result: Any = None,  # noqa: ARG002  # nameko calls it so
        exc_info: Any = None,
    ) -> None:
        """A failed first attempt shows in the span."""
        if exc_info and not isinstance(exc_info[1], AlreadyDone):
            self._open[worker_ctx][1].set_status(StatusCode.ERROR)

    def worker_teardown(self, worker_ctx: Any) -> None:
        """Close the span."""
        scope, _ = self._open.pop(worker_ctx)
        scope.__exit__(None, None, None)
