"""From a text at a provider's door to the case that it opens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession

from cli.demo.cast import Story
from cli.demo.chapters import prologue
from cli.demo.timeline import Timeline
from cli.demo.world import World
from cli.environment import TENANTS_FILE
from cli.servers import ProviderServer
from cli.servers.ports import free_port
from cli.servers.provider import SENDER, write_providers_file
from cli.servers.provider_sink import signature
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure, percentile
from tests.bench.people import acquainted, phone_of
from tests.bench.platform import TENANT, Platform, platform
from tests.waiting import eventually

WARM, TEXTS, PAUSE_SECONDS = 10, 240, 0.25
RUNG_SECONDS = 600  # nobody is woken twice while cases are counted
WORDS = "I want to die"
CONSENT = f"[tenants.{TENANT}.notify.consent]\n"


def measure() -> list[Figure]:
    """The 99th percentile of texts of patients, one after another, everything running."""
    with _texting() as (running, url):
        assert running.stack.database is not None
        ceiling = transactions_per_second(running.stack.database.uri)
        _on_call(running)
        patients = acquainted(running, WARM + TEXTS)
        numbers = {patient_id: phone_of(at) for at, patient_id in enumerate(patients, start=1)}
        _seconds(running, url, {each: numbers[each] for each in patients[:WARM]})
        seconds = _seconds(running, url, {each: numbers[each] for each in patients[WARM:]})
    text = (
        f"{TEXTS} texts, one every {PAUSE_SECONDS} s, median"
        f" {percentile(seconds, 0.5) * 1000:.0f} ms; at most {ceiling:,.0f} bare transactions/s"
    )
    value = percentile(seconds, 0.99) * 1000
    return [Figure("inbound_to_case_p99_ms", value, "ms", text, "<= 250")]


@contextmanager
def _texting() -> Iterator[tuple[Platform, str]]:
    """The platform with a telephone company, and where that hands texts over."""
    with TemporaryDirectory() as place:
        folder, edge = Path(place), f"127.0.0.1:{free_port()}"
        provider, url = ProviderServer(folder / "provider").start(), f"http://{edge}/callbacks"
        providers = write_providers_file(
            folder / "providers", [provider], callback_url=url, tenants=[TENANT]
        )
        try:
            with platform(
                HAVEN_NOTIFY_HTTP_ADDRESS=edge,
                HAVEN_NOTIFY_PUBLIC_URL=f"http://{edge}",
                HAVEN_PROVIDERS_FILE=str(providers),
                HAVEN_TENANTS_FILE=str(_tenants(folder)),
            ) as running:
                yield running, f"{url}/sms-1/text"
        finally:
            provider.stop()


def _tenants(folder: Path) -> Path:
    """The local tenants, of whom one receives texts."""
    known = TENANTS_FILE.read_text()
    assert CONSENT in known
    file = folder / "tenants.toml"
    file.write_text(known.replace(CONSENT, f'{CONSENT}receiving_numbers = ["{SENDER}"]\n'))
    return file


def _on_call(running: Platform) -> None:
    environment = running.stack.environment
    assert running.stack.smtp is not None
    world = World(environment.addresses, environment.issuer)
    prologue.play(Story(world, Timeline(), running.stack.smtp, rung_seconds=RUNG_SECONDS))


def _seconds(running: Platform, url: str, numbers: dict[str, str]) -> list[float]:
    """From each text's first byte to the commit of its case."""
    begin = running.client.admin.command("hello")["localTime"]
    sent = asyncio.run(_send(url, numbers))
    cases = running.rows("crisis", "cases")
    opened = {"patient_id": {"$in": list(numbers)}}
    eventually(lambda: cases.count_documents(opened) == len(numbers), within=60, every=0.5)
    committed = _commit_times(running, begin)
    return [(committed[each] - time).total_seconds() for each, time in sent.items()]


async def _send(url: str, numbers: dict[str, str]) -> dict[str, datetime]:
    """When each patient's text set out."""
    async with ClientSession() as session:

        async def text(number: str) -> datetime:
            sid = f"SM{secrets.token_hex(16)}"
            form = {"MessageSid": sid, "From": number, "To": SENDER, "Body": WORDS}
            headers = {"X-Twilio-Signature": signature(url, form)}
            time = datetime.now(UTC)
            async with session.post(url, data=form, headers=headers) as answer:
                answer.raise_for_status()
            return time

        pending = []
        for number in numbers.values():
            pending.append(asyncio.ensure_future(text(number)))
            await asyncio.sleep(PAUSE_SECONDS)
        return dict(zip(numbers, await asyncio.gather(*pending), strict=True))


def _commit_times(running: Platform, begin: datetime) -> dict[str, datetime]:
    """When each patient's case was committed, as the database's own log has it."""
    times: dict[str, datetime] = {}
    in_log = {"wall": {"$gte": begin}, "o.applyOps.ns": "crisis.cases"}
    for entry in running.client.local["oplog.rs"].find(in_log):
        for change in entry["o"]["applyOps"]:
            if change["ns"] == "crisis.cases" and change["op"] == "i":
                times[change["o"]["patient_id"]] = entry["wall"]
    return times
