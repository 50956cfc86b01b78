"""What a process of notify reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import ProcessSettings, Secret


@dataclass(frozen=True, kw_only=True)
class NotifySettings(ProcessSettings):
    """Waiting times and the sender are tenant policy; the provider is the deployment's."""

    # smtp[s]://[user:password@]host[:port]; only the relay connects to it.
    smtp_uri: Secret
