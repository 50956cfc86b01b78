"""Who must receive an event, by its contract, does; and every method is named for its event."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from chassis.subscribe import subscribed_by
from chassis.topology import load_catalogue
from cli.environment import SERVICES


def subscriptions(service: str) -> type:
    found: type = import_module(f"services.{service}.subscriptions").Subscriptions
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_subscribes_to_exactly_what_it_must_receive(service: str) -> None:
    must = {spec.message for spec in load_catalogue(SERVICES).consumed_by(service)}

    assert subscribed_by(subscriptions(service)) == must


@pytest.mark.parametrize("service", SERVICES)
def test_every_subscription_is_named_for_its_event(service: str) -> None:
    for message in subscribed_by(subscriptions(service)):
        words = re.findall(r"[A-Z][a-z0-9]*", message.DESCRIPTOR.name)
        assert hasattr(subscriptions(service), "_".join(["on", *words]).lower())


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_is_named_for_its_service(service: str) -> None:
    assert subscriptions(service).name == service  # type: ignore[attr-defined]
