"""The consumer's subscriptions, as a service writes them."""

from __future__ import annotations

from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested

from chassis import subscribe
from chassis.call import Call


class Subscriptions:
    """Two queues of notify."""

    name = "notify"
    core = subscribe.Core()

    @subscribe.subscribe(PageRequested)
    def on_page_requested(self, call: Call, event: PageRequested) -> None:
        """Crisis class."""
        self.core.consumers[PageRequested](call, event)

    @subscribe.subscribe(CaseOpened)
    def on_case_opened(self, call: Call, event: CaseOpened) -> None:
        """Clinical class."""
        self.core.consumers[CaseOpened](call, event)
