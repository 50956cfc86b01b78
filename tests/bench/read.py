"""What an audited read costs against the same find and insert without Haven."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from haven.intake.v1 import intake_pb2
from pymongo import MongoClient

from cli.servers import MongoServer
from tests.bench.duel import throughputs
from tests.bench.figures import Figure
from tests.bench.serve import DATABASE, DOCUMENT, REFERRAL


async def _ask(stub: Any, metadata: Any) -> Any:
    return await stub.GetReferral(
        intake_pb2.GetReferralRequest(referral_id=REFERRAL), metadata=metadata
    )


def measure() -> list[Figure]:
    """Reads per second, as a share of the bare servicer's."""
    with TemporaryDirectory() as folder:
        server = MongoServer(Path(folder) / "mongodb").start()
        try:
            with MongoClient[dict[str, Any]](server.uri) as client:
                client[DATABASE]["referrals"].insert_one(dict(DOCUMENT))
            rates = throughputs(_ask, mongodb_uri=server.uri)
        finally:
            server.stop()
    return [
        Figure(
            "read_ratio",
            rates["haven"] / rates["bare"],
            "ratio",
            f"bare servicer, find and insert in an executor {rates['bare']:,.0f}/s",
            ">= 0.4",
        )
    ]
