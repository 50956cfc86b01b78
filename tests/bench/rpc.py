"""What the chassis adds to an RPC that needs no storage."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import intake_pb2

from tests.bench.duel import latencies, throughputs
from tests.bench.figures import Figure, percentile


async def _ask(stub: Any, metadata: Any) -> Any:
    return await stub.ListInstruments(intake_pb2.ListInstrumentsRequest(), metadata=metadata)


def measure() -> list[Figure]:
    """The added median and the share of throughput that is left."""
    samples = latencies(_ask)
    medians = {kind: percentile(each, 0.5) for kind, each in samples.items()}
    rates = throughputs(_ask)
    return [
        Figure(
            "rpc_overhead_p50_ms",
            medians["haven"] - medians["bare"],
            "ms",
            f"bare grpc.aio echo {medians['bare']:.2f} ms",
            "<= 1.0",
        ),
        Figure(
            "rpc_throughput_ratio",
            rates["haven"] / rates["bare"],
            "ratio",
            f"bare grpc.aio echo {rates['bare']:,.0f}/s",
            ">= 0.4",
        ),
    ]
