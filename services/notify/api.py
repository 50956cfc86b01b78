"""The api process of notify: `python -m services.notify.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from clinical import risk
from services.notify.bootstrap import SERVICE, of_process
from services.notify.gateways.providers import callbacks_of
from services.notify.http import Edge, served_over_http
from services.notify.rpc import preferences, served
from services.notify.settings import NotifySettings
from services.notify.store import INDEXES


def assemble(parts: Parts[NotifySettings]) -> Api:
    """What the process serves."""
    risk.prepare()
    notify = of_process(parts.process, parts.settings)
    faces = [served(notify, parts.bridge), preferences.served(notify, parts.bridge)]
    edge = Edge(
        notify,
        parts.bridge.in_executor,
        tenant_ids=parts.process.tenants.ids,
        callbacks=callbacks_of(parts.settings),
    )
    return Api(
        faces,
        consumers=notify.consumers,
        indexes=INDEXES,
        lifespans=[served_over_http(edge, parts.settings)],
    )


if __name__ == "__main__":
    api_main(NotifySettings, SERVICE, assemble)
