"""What a process of notify reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Address, ProcessSettings, Secret


@dataclass(frozen=True, kw_only=True)
class NotifySettings(ProcessSettings):
    """Waiting times and the sender are tenant policy; the provider is the deployment's."""

    # smtp[s]://[user:password@]host[:port]; only the relay connects to it.
    smtp_uri: Secret
    # Where the api serves one-time pages and providers' callbacks. Beyond loopback it serves TLS
    # with the public certificate.
    http_address: Address = "127.0.0.1:0"
    # What people and providers reach that address by: https://messages.example. Without it no
    # mail holds a link.
    public_url: str = ""
