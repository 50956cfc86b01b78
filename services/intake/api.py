"""The api process of intake: `python -m services.intake.api`."""

from __future__ import annotations

from chassis.rpc.main import Api, Parts, api_main
from services.intake.bootstrap import SERVICE, of_process
from services.intake.rpc import served
from services.intake.settings import IntakeSettings
from services.intake.store import INDEXES


def assemble(parts: Parts[IntakeSettings]) -> Api:
    """What the process serves."""
    intake = of_process(parts.process)
    return Api([served(intake, parts.bridge)], consumers=intake.consumers, indexes=INDEXES)


if __name__ == "__main__":
    api_main(IntakeSettings, SERVICE, assemble)
