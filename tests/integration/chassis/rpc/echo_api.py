"""The echo service as a whole api over MongoDB: `python -m tests.integration.chassis.rpc.echo_api`.

It keeps a note for each Change and for each RiskRaised that it is delivered.
"""

from __future__ import annotations

from typing import Any

from haven.intake.v1.events_pb2 import RiskRaised

from chassis.call import Call
from chassis.rpc.main import Api, Parts, api_main
from chassis.settings import ProcessSettings
from chassis.store import Index, Store, Tx

from . import echo

NOTES = "notes"
INDEXES = (Index(NOTES, [("tenant_id", 1), ("subject", 1)], unique=True),)


def assemble(parts: Parts[ProcessSettings]) -> Api:
    """What the api serves."""
    store = parts.process.store
    servicer = echo.Echo(parts.bridge, act=lambda call, request: _change(store, call, request))
    return Api(
        [
            echo.served(echo.echo_service(), servicer),
            echo.served(echo.peer_service(), servicer),
        ],
        consumers={RiskRaised: lambda call, event: _take(store, call, event)},
        indexes=INDEXES,
    )


def _change(store: Store, call: Call, request: Any) -> str:
    if request.text.startswith("fail"):
        raise ValueError(request.text)
    if call.once is None:
        return str(request.text)

    def note(tx: Tx) -> tuple[Call, str]:
        tx.insert(NOTES, {"_id": call.once.request_id, "subject": request.text})  # type: ignore[union-attr]
        tx.touch(request.text, "a-note")
        return call, request.text

    return store.transact(call, note)[1]


def _take(store: Store, call: Call, event: RiskRaised) -> None:
    def note(tx: Tx) -> None:
        tx.insert(NOTES, {"_id": event.risk_id, "subject": event.patient_id})

    store.transact(call, note)


if __name__ == "__main__":
    api_main(ProcessSettings, "echo", assemble)
