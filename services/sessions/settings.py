"""What a process of sessions reads from the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from chassis.settings import Address, Count, ProcessSettings

ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")


def _origins(text: str) -> str:
    if not all(ORIGIN.fullmatch(each) for each in _listed(text)):
        raise ValueError("origins are https://host[:port], in small letters, with commas between")
    return text


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


@dataclass(frozen=True, kw_only=True)
class SessionsSettings(ProcessSettings):
    """Limits of the process; what concerns people is tenant policy."""

    # Frames that may wait for one reader; a slower one is told to resume.
    reader_queue: int = 256
    # Signals being stored at once, on threads of their own: nothing else can hold them up.
    signal_threads: int = 4
    # Where the api serves browsers. Beyond loopback it serves TLS with the public certificate.
    http_address: Address = "127.0.0.1:0"
    # Whose pages may open a socket: https://app.example, with commas between. A browser's request
    # from any other page is refused; with none listed, every browser's is.
    allowed_origins: Annotated[str, AfterValidator(_origins)] = ""
    # Sockets that are served at once; the next one is refused.
    most_sockets: Count = 2000

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins, each as a browser names it."""
        return frozenset(_listed(self.allowed_origins))
