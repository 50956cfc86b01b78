"""The api process of notify: `python -m services.notify.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.notify.bootstrap import SERVICE, of_process
from services.notify.rpc import preferences, served
from services.notify.settings import NotifySettings
from services.notify.store import INDEXES


def assemble(parts: Parts[NotifySettings]) -> Api:
    """What the process serves."""
    notify = of_process(parts.process, parts.settings)
    faces = [served(notify, parts.bridge), preferences.served(notify, parts.bridge)]
    return Api(faces, consumers=notify.consumers, indexes=INDEXES)


if __name__ == "__main__":
    api_main(NotifySettings, SERVICE, assemble)
