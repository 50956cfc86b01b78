"""The environment of all processes on one machine, and how commands find it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.auth.issuer import Issuer
from chassis.auth.pki import ensure_local_pki
from chassis.crypto import make_master_key
from chassis.settings import environment
from cli.servers.ports import free_port

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".haven"
TENANTS_FILE = ROOT / "deploy" / "local" / "tenants.toml"
SERVICES = ("intake", "scheduling", "sessions", "crisis", "notify")
PROCESSES = ("api", "worker", "relay")
EDGES = ("sessions", "notify")  # whose api speaks HTTP as well
AUDITOR = ("crisis", "auditor")  # the one process that no other service has
TOKEN_ISSUER, TOKEN_AUDIENCE = "https://issuer.haven.localhost", "haven"
FILE = "environment"
# Where a developer serves pages that attend sessions: `python -m http.server`.
PAGES = "http://localhost:8000,http://127.0.0.1:8000"


def state() -> Path:
    """Where stacks keep what they make: .haven, unless HAVEN_STATE says another folder."""
    return Path(environment().get("HAVEN_STATE") or STATE)


def run_folder() -> Path:
    """The developer's own stack."""
    return state() / "run"


def keys_folder() -> Path:
    """Keys outlive a run: data that an existing server kept stays readable, tokens stay valid."""
    return state() / "keys"


@dataclass(frozen=True)
class Uris:
    """Where the servers are; empty where none was given."""

    amqp: str = ""
    mongodb: str = ""
    smtp: str = ""

    @classmethod
    def given(cls) -> Uris:
        """The ones that this process's environment names."""
        found = environment()
        names = ("HAVEN_AMQP_URI", "HAVEN_MONGODB_URI", "HAVEN_SMTP_URI")
        return cls(*(found.get(name, "") for name in names))


@dataclass(frozen=True)
class LocalEnvironment:
    """What the processes are told, and what of it their callers need."""

    variables: Mapping[str, str]
    addresses: Mapping[str, str]  # service to its public gRPC address
    metrics: Mapping[str, str]  # process ("crisis-api") to its operators' address
    traces: Path  # every span as a line of JSON
    issuer: Issuer

    def write(self, folder: Path) -> None:
        """Leave it where `current` and a shell (`set -a; . <file>`) can read it."""
        lines = (f"{name}={shlex.quote(value)}\n" for name, value in self.variables.items())
        file = folder / FILE
        file.touch(mode=0o600)
        file.write_text("".join(lines))


def prepare(
    folder: Path,
    uris: Uris,
    *,
    tenants_file: Path = TENANTS_FILE,
    more: Mapping[str, str] | None = None,
) -> LocalEnvironment:
    """Choose free addresses, make missing keys and certificates, and write it all down."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = keys_folder()
    ensure_local_pki(keys / "pki", SERVICES)
    issuer = local_issuer()
    traces = folder / "traces.jsonl"
    traces.touch(mode=0o600)
    addresses = dict(_addresses())
    variables = {
        "HAVEN_ENV": "local",
        "HAVEN_AMQP_URI": uris.amqp,
        "HAVEN_MONGODB_URI": uris.mongodb,
        "HAVEN_SMTP_URI": uris.smtp,
        "HAVEN_TENANTS_FILE": str(tenants_file),
        "HAVEN_JWKS_URI": issuer.jwks_uri,
        "HAVEN_TOKEN_ISSUER": TOKEN_ISSUER,
        "HAVEN_TOKEN_AUDIENCE": TOKEN_AUDIENCE,
        "HAVEN_PKI_DIR": str(keys / "pki"),
        "HAVEN_MASTER_KEY_FILE": str(make_master_key(keys / "master.key")),
        "HAVEN_TRACE_EXPORT": f"file:{traces}",
        "HAVEN_SESSIONS_ALLOWED_ORIGINS": PAGES,
        **addresses,
        **(more or {}),
    }
    made = LocalEnvironment(
        variables=variables,
        addresses={service: variables[variable(service, "GRPC")] for service in SERVICES},
        metrics=_metrics_addresses(variables),
        traces=traces,
        issuer=issuer,
    )
    made.write(folder)
    return made


def _metrics_addresses(variables: Mapping[str, str]) -> Mapping[str, str]:
    return {
        f"{service}-{process}": variables[variable(service, f"{process}_METRICS")]
        for service in SERVICES
        for process in processes_of(service)
    }


def processes_of(service: str) -> tuple[str, ...]:
    """The kinds of process that the service runs as."""
    owner, auditor = AUDITOR
    return (*PROCESSES, auditor) if service == owner else PROCESSES


def local_issuer() -> Issuer:
    """The issuer of this machine's tokens; its key is made at first use."""
    keys = keys_folder()
    keys.mkdir(parents=True, exist_ok=True)
    return Issuer(keys, issuer=TOKEN_ISSUER, audience=TOKEN_AUDIENCE, environment="local")


def current() -> Mapping[str, str]:
    """This process's environment, completed by that of the developer's running stack."""
    return {**read(run_folder() / FILE), **environment()}


def read(file: Path) -> Mapping[str, str]:
    """The variables that a stack wrote; none where none runs."""
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def _addresses() -> Iterator[tuple[str, str]]:
    edge = f"127.0.0.1:{free_port()}"
    yield "HAVEN_NOTIFY_HTTP_ADDRESS", edge
    yield "HAVEN_NOTIFY_PUBLIC_URL", f"http://{edge}"  # the links in mails lead there
    yield "HAVEN_SESSIONS_HTTP_ADDRESS", f"127.0.0.1:{free_port()}"
    for service in SERVICES:
        for purpose in ("GRPC", "INTERNAL", *_operators_of(service)):
            yield variable(service, purpose), f"127.0.0.1:{free_port()}"


def _operators_of(service: str) -> Iterator[str]:
    return (f"{process}_METRICS" for process in processes_of(service))


def own_addresses(process: str) -> Mapping[str, str]:
    """Free addresses for one more of a process ("sessions-api"): nobody listens at one twice."""
    service, _, kind = process.partition("-")
    purposes = [f"{kind}_METRICS"]
    if kind == "api":
        purposes += ["GRPC", "INTERNAL", *(["HTTP"] if service in EDGES else [])]
    return {variable(service, each): f"127.0.0.1:{free_port()}" for each in purposes}


def variable(service: str, purpose: str) -> str:
    """The variable of one address of a service."""
    return f"HAVEN_{service}_{purpose}_ADDRESS".upper()
