"""Reacting to events in a worker: queues in, use cases called once, nothing lost. Rim of nameko."""

from chassis.subscribe.core import Core
from chassis.subscribe.entrypoint import subscribe, subscribed_by
from chassis.subscribe.main import worker_main

__all__ = ["Core", "subscribe", "subscribed_by", "worker_main"]
