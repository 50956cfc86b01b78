"""Reacting to events in a worker: queues in, use cases called once, nothing lost. Rim of nameko."""

from chassis.subscribe.entrypoint import subscribe, subscribed_by
from chassis.subscribe.main import worker_main
from chassis.subscribe.runtime import Core

__all__ = ["Core", "subscribe", "subscribed_by", "worker_main"]
